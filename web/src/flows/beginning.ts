/** What a new flow begins with: it says good-bye, and can be activated as it is. */
export const BEGINNING = `flow: my-flow
kind: inbound
title:
  zh-CN: 我的流程
  en: My flow
start: ask
noinput: {prompt: [survey-no-input], goto: bye}
nomatch: {prompt: [survey-wrong-key], goto: bye}
steps:
  ask:
    menu:
      prompt: [survey-intro]
      name: rating
      kind: scale
      choices: {"1-5": bye}
  bye:
    exit: {say: [goodbye]}
`
