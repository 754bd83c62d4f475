/** What is said where agents call people: by hand, and at a time that was agreed. */
const dialling = {
  dial: {
    title: 'Call a number',
    hint: 'Number or extension',
    call: 'Call',
    rings: 'Your phone rings. Answer it, and the number is called.',
    inside: 'in the house',
    there: 'there it is {time}',
  },
  agreed: {
    title: 'Callbacks',
    due: '{count} due',
    empty: 'You have agreed no callback, and none is offered to your queues.',
    isDue: 'due',
    there: 'where they are: {time}',
    promises: '{count} promises, one call',
    done: 'Done',
    cancel: 'Not needed',
    putOff: 'Put the callback off',
    putOffShort: 'Put off',
    wasDone: '{who} was called back.',
    wasCancelled: '{who} need not be called.',
    callBackAt: 'Call back at …',
    agree: 'Agree a callback',
    at: 'When, on your clock',
    atHint: 'Day and time',
    who: 'Who calls',
    me: 'I do',
    anyOf: 'Anybody of {queue}',
    noteHint: 'What it is about',
    said: 'Callback at {time} noted.',
    saidMerged: 'Callback at {time} noted; one call keeps the earlier promise too.',
  },
  preview: {
    title: 'Contacts to look at',
    next: 'Show the next',
    skip: 'Pass over',
    nobody: 'Nobody is left whom one may call now.',
  },
}

export default dialling
