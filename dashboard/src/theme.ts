import { createTheme, type MantineColorsTuple } from '@mantine/core'

const petrol: MantineColorsTuple = [
  '#e7f6f9',
  '#cfeaf0',
  '#9fd5e1',
  '#6cc0d2',
  '#45aec5',
  '#2799b2',
  '#0f829c',
  '#076d85',
  '#05586c',
  '#04424f',
]

/** From text to page, nearly without a hue. */
const ink: MantineColorsTuple = [
  '#e9ebee',
  '#c9ced6',
  '#a9b0bb',
  '#8b93a0',
  '#3d444f',
  '#2b3139',
  '#20252c',
  '#171b20',
  '#101317',
  '#0a0c0f',
]

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: 7,
  colors: { petrol, dark: ink },
  fontFamily: 'Inter, ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.35' },
      h2: { fontSize: '0.9375rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem' },
    },
  },
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '4px', md: '6px', lg: '8px', xl: '12px' },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  // Said without their extend(), which would put every one of them into the first load.
  components: {
    Card: { defaultProps: { withBorder: true, padding: 'md', radius: 'lg' } },
    Table: { defaultProps: { verticalSpacing: 7, horizontalSpacing: 'sm', highlightOnHover: true } },
    TableScrollContainer: { defaultProps: { type: 'native' } },
    Badge: { defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 500 } },
    Tooltip: {
      defaultProps: { events: { hover: true, focus: true, touch: true }, openDelay: 250, multiline: true, maw: 320 },
    },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 }, transitionProps: { duration: 120 } },
    },
    Drawer: { defaultProps: { transitionProps: { duration: 120 } } },
    Loader: { defaultProps: { size: 'sm' } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
  },
})
