import { createPinia } from 'pinia'
import { createApp } from 'vue'

import App from '@/App.vue'
import { firstLanguage, i18n, setLanguage } from '@/i18n'
import { createAppRouter } from '@/router'
import '@/ui/element-styles'
import '@/style.css'
import { followColorScheme } from '@/ui/color-scheme'
import { showNotLoaded } from '@/ui/not-loaded'

followColorScheme()

try {
  await setLanguage(firstLanguage())
  const app = createApp(App)
  app.use(createPinia())
  app.use(i18n)
  app.use(createAppRouter())
  app.mount('#app')
} catch (error) {
  // The network was cut while the page was loading; without its texts it can only say so in both languages.
  showNotLoaded()
  throw error
}
