import { useHotkeys } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { usePages } from './navigation.tsx'

const secondKeyMs = 1_200

/** `g` and the letter of a page; Ctrl or ⌘ with K for the palette. Never while something is typed. */
export function useShortcuts(openPalette: () => void) {
  const pages = usePages()
  const navigate = useNavigate()
  useHotkeys([['mod+K', openPalette]], [])
  useEffect(() => {
    let waitsUntil = 0
    const listen = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      if (event.key === 'g') waitsUntil = event.timeStamp + secondKeyMs
      else if (event.timeStamp < waitsUntil) {
        waitsUntil = 0
        const page = pages.find(({ key }) => key === event.key)
        if (page) void navigate({ to: page.path })
      }
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [pages, navigate])
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
}
