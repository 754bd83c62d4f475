import type en from './machines-en'

/** 答录机检测的文字。 */
const machines: typeof en = {
  machines: {
    off: '该活动未启用答录机检测。',
    offHint: '不检测答录机，接听者一律视为真人。可在定义中设置。',
    nothingHeard: '这段时间没有检测过任何通话。',
    nothingHeardHint: '有人接听之后，这里才有数据。',
    heard: '检测结果',
    listened: '{answered} 个已接听的呼叫中检测了 {listened} 个。',
    untold: '另有 {count} 个没有结果，多半是检测期间已挂断。',
    silence: '检测期间，真人听到的静默时长中位数为 {seconds} 秒。',
    status: { MACHINE: '答录机', HUMAN: '真人', NOTSURE: '不确定', HANGUP: '检测中挂断' },
    causes: '判定依据',
    cause: {
      LONGGREETING: '连续说话无停顿',
      MAXWORDS: '词数过多',
      MAXWORDLENGTH: '单词过长',
      INITIALSILENCE: '开头没有说话',
      HUMAN: '问候之后静默',
      TOOLONG: '未能及时判定',
    },
    noCause: '没有依据',
    ofReviewed: '复核 {reviewed} 个，其中真人 {persons} 个',
    wrong: '被判定为答录机的真人',
    reviewed: '{machines} 个中复核了 {reviewed} 个，其中真人 {persons} 个。',
    fair: '只有复核的是随机样本，该比例才适用于全部：请从“全部（随机顺序）”的开头依次复核。只复核可疑的会使比例偏高。',
    review: '复核',
    show: { suspected: '可疑', all: '全部（随机顺序）', reviewed: '已复核' },
    weighed: '{weighed} 个未复核的呼叫中，{suspected} 个像真人。',
    nothing: {
      suspected: '没有可疑的呼叫。',
      all: '没有待复核的呼叫。',
      reviewed: '还没有复核过。',
    },
    nothingHint: '被判定为答录机的呼叫中，没有一个像真人。要了解误判率，请复核“全部（随机顺序）”中的一部分。',
    noSound: '通话没有录音，因此无法试听；按 Enter 查看通话经过。真人计为放弃，72 小时内不再呼叫。',
    keys: '方向键：上下移动 · P：真人 · M：答录机 · U：撤销 · Enter：查看通话',
    call: '呼叫',
    why: '可能是真人的原因',
    deeds: '结论',
    listenedFor: '检测 {seconds} 秒',
    lasted: '持续 {seconds} 秒',
    person: '真人',
    machine: '答录机',
    verdict: { person: '是真人', machine: '是答录机' },
    by: '{name}，{time}',
    done: { person: '{number} 是真人：计为放弃。', machine: '{number} 是答录机。' },
    undone: '{number}：已撤销。',
  },
}

export default machines
