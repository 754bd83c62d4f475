import { ref } from 'vue'

const SOUND_KEY = 'cti.ring-sound'
const BEEP_EVERY_MS = 2400

export const ringSound = ref(localStorage.getItem(SOUND_KEY) === 'on')

let notification: Notification | null = null
let audio: AudioContext | null = null
let beeping: ReturnType<typeof setInterval> | undefined

export function toggleRingSound(): void {
  ringSound.value = !ringSound.value
  localStorage.setItem(SOUND_KEY, ringSound.value ? 'on' : 'off')
  if (ringSound.value) beep()
  else clearInterval(beeping)
}

/** Whether to offer notifications: this browser has them and was not asked yet. */
export function canAskForNotifications(): boolean {
  return 'Notification' in window && Notification.permission === 'default'
}

/** A notification while the tab is hidden, when allowed; the sound when switched on. */
export function showRinging(title: string, body: string): void {
  if (document.hidden && 'Notification' in window && Notification.permission === 'granted') {
    notification = new Notification(title, { body, tag: 'cti-ringing', icon: '/favicon.svg' })
    notification.onclick = () => window.focus()
  }
  clearInterval(beeping)
  if (!ringSound.value) return
  beep()
  beeping = setInterval(beep, BEEP_EVERY_MS)
}

export function stopRinging(): void {
  notification?.close()
  notification = null
  clearInterval(beeping)
}

function beep(): void {
  audio ??= new AudioContext()
  const from = audio.currentTime
  const gain = audio.createGain()
  gain.gain.setValueAtTime(0, from)
  gain.gain.linearRampToValueAtTime(0.12, from + 0.03)
  gain.gain.setValueAtTime(0.12, from + 0.6)
  gain.gain.linearRampToValueAtTime(0, from + 0.7)
  gain.connect(audio.destination)
  for (const frequency of [440, 480]) {
    const tone = audio.createOscillator()
    tone.frequency.value = frequency
    tone.connect(gain)
    tone.start(from)
    tone.stop(from + 0.7)
  }
}
