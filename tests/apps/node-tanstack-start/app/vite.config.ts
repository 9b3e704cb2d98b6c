import { tanstackStart } from '@tanstack/react-start/plugin/vite'
import { nitro } from 'nitro/vite'

export default { plugins: [tanstackStart(), nitro()] }
