/** Lines on a grid of sixteen, in the colour of the text. */
const paths = {
  home: 'M2.5 7.3 8 2.600l5.5 4.700M4 6.500v6.700h8V6.5',
  key: 'M5.2 13.200a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.400M7.2 8.6 13 2.800M10.4 5.400l2 2',
  token: 'M2.5 4.500h11v7h-11zM5 8h2.500M10 7v2',
  chart: 'M2.5 13.500h11M4.5 11V8M8 11V4M11.5 11V6.5',
  play: 'M2.5 3h11v8h-6l-3 2.500V11h-2zM5.5 6h5M5.5 8.200h3',
  models: 'M8 2.3 13.5 5 8 7.7 2.5 5zM2.5 8 8 10.7 13.5 8M2.5 11 8 13.700l5.5-2.7',
  person: 'M8 7.600a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.200M3 13.600c.5-2.5 2.5-3.8 5-3.800s4.5 1.3 5 3.8',
  people:
    'M6 7.400a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.600M1.8 13c.4-2.3 2-3.5 4.2-3.500s3.8 1.2 4.2 3.500M10.6 3a2.3 2.3 0 0 1 0 4.300M11.8 9.800c1.4.5 2.2 1.6 2.4 3.2',
  health: 'M2 8.500h3l1.5-4 3 8 1.5-4h3',
  audit: 'M4 2.500h8v11H4zM6 5.500h4M6 8h4M6 10.500h2',
  price: 'M8 2v12M11 4.600C10.3 3.7 9.3 3.4 8 3.400c-1.7 0-2.9.8-2.9 2.2 0 3.2 6 1.4 6 4.7 0 1.5-1.3 2.3-3.1 2.3-1.5 0-2.6-.5-3.2-1.5',
  warning: 'M8 2.5 14 13H2zM8 6.500v3M8 11.200v.3',
  gauge: 'M2.5 11.500a5.8 5.8 0 1 1 11 0M8 10.500l2.5-3.5',
  plus: 'M8 3v10M3 8h10',
  check: 'M3 8.5 6.5 12 13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.500v-3h8v8h-3M2.5 5.500h8v8h-8z',
  search: 'M7 11.500a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9M10.5 10.500l3 3',
  sun: 'M8 10.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M8 1.500v1.500M8 13v1.500M1.5 8H3M13 8h1.500M3.4 3.400l1 1M11.6 11.600l1 1M12.6 3.400l-1 1M4.4 11.600l-1 1',
  moon: 'M13 9.500A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5',
  out: 'M6 2.500H2.500v11H6M6.5 8h7M11 5.5 13.5 8 11 10.5',
  chevron: 'M5 6.5 8 9.500l3-3',
  right: 'M6.5 5l3 3-3 3',
  dots: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  download: 'M8 2.500v7.500M5 7.5 8 10.500l3-3M2.5 13.500h11',
  external: 'M9.5 2.500h4v4M13.5 2.5 8 8M11.5 9v4.500h-9v-9H7',
  pause: 'M5.5 3.500v9M10.5 3.500v9',
  stop: 'M4 4h8v8H4z',
  trash: 'M3 4.500h10M6.5 4.500v-2h3v2M4.5 4.500l.5 9h6l.5-9',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.500M13 2.500V5h-2.5',
  menu: 'M2.5 4.500h11M2.5 8h11M2.5 11.500h11',
  book: 'M8 4C6.5 3 4.5 2.8 2.5 3v9.500c2-.2 4 0 5.5 1 1.5-1 3.5-1.2 5.5-1V3c-2-.2-4 0-5.5 1zM8 4v9.5',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'dots' ? 2 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  )
}
