import styles from './code-block.module.css'
import { Copy } from './copy.tsx'

export function CodeBlock({ code, label }: { code: string; label: string }) {
  return (
    <section className={styles.block} aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that a long line is scrolled by keyboard too */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
      <div className={styles.copy}>
        <Copy text={code} what={label} />
      </div>
    </section>
  )
}
