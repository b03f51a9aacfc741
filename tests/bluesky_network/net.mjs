// A whole Bluesky on this machine: accounts (PDS), what people see (AppView), and the directory of accounts (PLC).
//
// Told by the environment: PDS_PORT, BSKY_PORT, PLC_PORT, OZONE_PORT, SCHEMA (letters only), DB_POSTGRES_URL, REDIS_HOST.
// Says READY when it answers, and ends with its standard input or on SIGTERM.
import { TestNetwork } from '@atproto/dev-env'

const port = (name) => Number(process.env[name])

const network = await TestNetwork.create({
  dbPostgresUrl: process.env.DB_POSTGRES_URL,
  dbPostgresSchema: process.env.SCHEMA,
  redisHost: process.env.REDIS_HOST,
  plc: { port: port('PLC_PORT') },
  pds: { port: port('PDS_PORT'), hostname: 'localhost', enableDidDocWithSession: true, inviteRequired: false },
  bsky: { port: port('BSKY_PORT'), publicUrl: `http://localhost:${port('BSKY_PORT')}` },
  ozone: { port: port('OZONE_PORT') },
})

let ending = false
const end = async () => {
  if (ending) return
  ending = true
  await network.close()
  process.exit(0)
}
process.on('SIGTERM', end)
process.on('SIGINT', end)
process.stdin.on('end', end)
process.stdin.resume()

console.log(`READY ${network.pds.url}`)
