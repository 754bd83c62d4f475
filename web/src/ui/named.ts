/** Something that flows call by a name and people by a title. */
export interface Named {
  name: string
  title_zh: string
  title_en: string
}

export const isNamed = ({ name, title_zh, title_en }: Named): boolean =>
  /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/.test(name) && title_zh.trim() !== '' && title_en.trim() !== ''

/** The title in the reader's language. */
export const titleIn = (language: string, titles: Pick<Named, 'title_zh' | 'title_en'>): string => (language === 'zh-CN' ? titles.title_zh : titles.title_en)
