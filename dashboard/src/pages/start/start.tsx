import { PageHead } from '../../parts/page-head.tsx'

export default function StartPage() {
  return <PageHead title="Start">Three steps.</PageHead>
}
