// A page that has grown old is asked for from this very server, whatever name and protocol its visitors use.
import { readFileSync } from 'node:fs'
import { request } from 'node:http'

let secret

export default {
  name: 'webduh-queue',
  async send(message) {
    secret ??= JSON.parse(readFileSync('.next/prerender-manifest.json', 'utf8')).preview.previewModeId
    const { host, url } = message.MessageBody
    const headers = { host, 'x-prerender-revalidate': secret, 'x-isr': '1', 'x-forwarded-proto': 'https' }
    const where = { host: '127.0.0.1', port: Number(process.env.PORT ?? 3000), path: url, method: 'HEAD', headers }
    await new Promise((resolve, reject) => {
      const asked = request(where, (answer) => answer.resume().on('end', resolve))
      asked.setTimeout(30_000, () => asked.destroy(new Error(`${url} was not made again in 30 s`)))
      asked.on('error', reject)
      asked.end()
    })
  },
}
