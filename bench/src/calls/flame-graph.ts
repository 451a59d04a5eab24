import type { Profiler } from 'node:inspector'

/*
 * A profile of V8 as one page that needs nothing else: a bar for each function, as wide as the time spent in it and in
 * what it called, which lies above. A click makes a bar as wide as the page.
 */

interface Frame {
  /** Function, file and line. */
  name: string
  microseconds: number
  above: Map<string, Frame>
}

const notWork = new Set(['(idle)', '(program)'])

/** Samples of the same stack put together. What the process did not do is left out. */
export function toFrames({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const below = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const root: Frame = { name: 'all', microseconds: 0, above: new Map() }
  for (const [index, id] of samples.entries()) {
    const stack: string[] = []
    for (let at: number | undefined = id; at !== undefined; at = below.get(at)) {
      const node = byId.get(at)
      if (node) stack.push(nameOf(node.callFrame))
    }
    if (notWork.has(stack[0] ?? '')) continue
    const spent = timeDeltas[index] ?? 0
    root.microseconds += spent
    let frame = root
    for (const name of stack.reverse().slice(1)) {
      const next = frame.above.get(name) ?? { name, microseconds: 0, above: new Map() }
      frame.above.set(name, next)
      next.microseconds += spent
      frame = next
    }
  }
  return root
}

function nameOf({ functionName, url, lineNumber }: Profiler.Profile['nodes'][number]['callFrame']): string {
  const file = url.replace(/^.*\/(?=(?:node_modules|server|bench)\/)/, '')
  return file === '' ? functionName || '(anonymous)' : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`
}

/** Time by whose code it was: a package, a part of the server, or Node itself; what a part calls of Node counts as its own. */
export function byOwner({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const below = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const spent = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const own = byId.get(id)?.callFrame.functionName ?? ''
    if (notWork.has(own)) continue
    let owner = own === '(garbage collector)' ? own : undefined
    for (let at: number | undefined = id; at !== undefined && owner === undefined; at = below.get(at)) {
      owner = ownerOf(byId.get(at)?.callFrame.url ?? '')
    }
    spent.set(owner ?? 'node', (spent.get(owner ?? 'node') ?? 0) + (timeDeltas[index] ?? 0))
  }
  return new Map([...spent].sort(([, one], [, other]) => other - one))
}

const ownerOf = (url: string) =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ??
  /server\/src\/((?:domains|platform)\/[\w-]+|[\w-]+)/.exec(url)?.[1] ??
  /(bench)\/src\//.exec(url)?.[1]

const least = 0.000_5

/** @param perCall by which times are divided, so that they read as those of one call */
export function toPage(title: string, root: Frame, perCall: number): string {
  const bars: string[] = []
  let deepest = 0
  const draw = (frame: Frame, depth: number, from: number) => {
    const share = frame.microseconds / root.microseconds
    if (share < least) return
    deepest = Math.max(deepest, depth)
    const words = `${frame.name}\n${(frame.microseconds / perCall).toFixed(1)} µs a call, ${(share * 100).toFixed(1)} %`
    bars.push(
      `<i data-x="${from.toFixed(5)}" data-w="${share.toFixed(5)}" style="bottom:${depth * 18}px;background:${colourOf(frame.name)}" title="${inHtml(words)}">${inHtml(frame.name)}</i>`,
    )
    let at = from
    for (const next of [...frame.above.values()].sort((one, other) => other.microseconds - one.microseconds)) {
      draw(next, depth + 1, at)
      at += next.microseconds / root.microseconds
    }
  }
  draw(root, 0, 0)
  return `<!doctype html><meta charset="utf-8"><title>${inHtml(title)}</title>
<style>body{font:12px system-ui;margin:16px}#all{position:relative;height:${(deepest + 1) * 18}px}
i{position:absolute;height:17px;line-height:17px;font-style:normal;overflow:hidden;white-space:nowrap;cursor:pointer;border-radius:2px;color:#222}</style>
<h1>${inHtml(title)}</h1><p>${(root.microseconds / perCall).toFixed(1)} µs a call on the main thread. Click a bar to widen it, the lowest to see all.</p>
<div id="all">${bars.join('\n')}</div>
<script>${zoom}</script>
`
}

const zoom = `const bars=[...document.querySelectorAll('i')]
const show=(from,width)=>{for(const bar of bars){const x=(+bar.dataset.x-from)/width,w=+bar.dataset.w/width
const left=Math.max(0,x),right=Math.min(1,x+w);bar.style.display=right-left>0.0005?'':'none'
bar.style.left=left*100+'%';bar.style.width='calc('+(right-left)*100+'% - 1px)'}}
for(const bar of bars)bar.onclick=()=>show(+bar.dataset.x,+bar.dataset.w)
show(0,1)`

/** One colour for each owner, the same in every picture. */
function colourOf(name: string): string {
  const owner = ownerOf(name.replace(/^\S* /, '')) ?? (name.startsWith('(') ? name : 'node')
  let hash = 0
  for (const letter of owner) hash = (hash * 31 + letter.charCodeAt(0)) % 360
  return `hsl(${hash} 60% 78%)`
}

const inHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
