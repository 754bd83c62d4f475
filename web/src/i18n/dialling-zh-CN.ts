import type en from './dialling-en'

/** 坐席手动拨号与约定回电的文字。 */
const dialling: typeof en = {
  dial: {
    title: '拨打号码',
    hint: '号码或分机',
    call: '呼叫',
    rings: '您的话机正在振铃。接听后即呼叫对方。',
    inside: '内部号码',
    there: '当地时间 {time}',
  },
  agreed: {
    title: '约定回电',
    due: '{count} 个已到时间',
    empty: '您没有约定的回电，您的队列也没有待回电。',
    isDue: '已到时间',
    there: '对方当地：{time}',
    promises: '{count} 次约定，一次回电',
    done: '已完成',
    cancel: '无需回电',
    putOff: '推迟回电',
    putOffShort: '推迟',
    wasDone: '已给 {who} 回电。',
    wasCancelled: '无需再给 {who} 回电。',
    callBackAt: '约定回电…',
    agree: '约定回电',
    at: '时间(按您的时钟)',
    atHint: '日期和时间',
    who: '由谁回电',
    me: '我本人',
    anyOf: '{queue} 的任一坐席',
    noteHint: '回电事由',
    said: '已记下 {time} 回电。',
    saidMerged: '已记下 {time} 回电；一次回电同时兑现之前的约定。',
  },
  preview: {
    title: '待查看的联系人',
    next: '显示下一位',
    skip: '跳过',
    nobody: '目前没有可呼叫的联系人。',
  },
}

export default dialling
