// Pages that were made, as files beside those of the build. A file is moved into its place, so that none is read in part.
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

let count = 0

function fileOf(key, kind = 'cache') {
  const root = process.cwd().replace(/(\/\.open-next)\/.*/s, '$1')
  const build = process.env.OPEN_NEXT_BUILD_ID ?? process.env.NEXT_BUILD_ID ?? ''
  const folder = path.join(root, 'cache', kind === 'fetch' ? '__fetch' : '', build)
  const file = path.join(folder, kind === 'fetch' ? key : `${key}.${kind}`)
  if (!file.startsWith(folder + path.sep)) throw new Error(`no key of the cache: ${key}`)
  return file
}

export default {
  name: 'webduh-cache',
  async get(key, kind) {
    const file = fileOf(key, kind)
    const value = JSON.parse(await readFile(file, 'utf8'))
    return { value, lastModified: (await stat(file)).mtimeMs }
  },
  async set(key, value, kind) {
    const file = fileOf(key, kind)
    const aside = `${file}.${process.pid}.${count++}.new`
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(aside, JSON.stringify(value))
    await rename(aside, file)
  },
  async delete(key) {
    await rm(fileOf(key), { force: true })
  },
}
