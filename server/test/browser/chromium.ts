import bundled from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

/** The browser that lies in the npm package, on Linux; elsewhere the Chrome of the machine. */
export async function launchChromium(): Promise<Browser> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return chromium.launch({ channel: 'chrome' })
  const args = bundled.args.filter((arg) => !unfit.has(arg))
  return chromium.launch({ executablePath: await bundled.executablePath(), args, headless: true })
}

/** Of what the package is made for, one page in a cloud function: in one process, one context sends another's cookies. */
const unfit = new Set(['--single-process', '--no-zygote', '--disable-web-security', '--allow-running-insecure-content'])
