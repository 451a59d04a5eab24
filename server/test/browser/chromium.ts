import bundled from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

/** The browser that lies in the npm package, on Linux; elsewhere the Chrome of the machine. */
export async function launchChromium(): Promise<Browser> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return chromium.launch({ channel: 'chrome' })
  return chromium.launch({ executablePath: await bundled.executablePath(), args: bundled.args, headless: true })
}
