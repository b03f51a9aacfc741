// Loaded before everything else: whatever listens in this process listens on this machine alone.
//
// The network's servers name no host, which to node means every interface of the machine.
'use strict'

const net = require('node:net')

const HERE = '127.0.0.1'
const listen = net.Server.prototype.listen

net.Server.prototype.listen = function (...given) {
  const [first, second] = given
  if (first !== null && typeof first === 'object' && 'port' in first) {
    given[0] = { ...first, host: HERE }
  } else if (typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))) {
    given.splice(0, typeof second === 'string' ? 2 : 1, { port: Number(first), host: HERE })
  }
  return listen.apply(this, given)
}
