// Reads the outcome topics with kafkajs and the published schemas, and counts units by their latest outcome.
// usage: node outcomes.js SERVERS SCHEMAS_FOLDER LPN_PREFIX
const { Kafka, logLevel } = require('kafkajs')
const { messageType } = require('./schemas')

const [servers, schemas, prefix] = process.argv.slice(2)
const kafka = new Kafka({ clientId: 'recount', brokers: [servers], logLevel: logLevel.NOTHING, retry: { retries: 8 } })
const topics = { 'returns.grades': 'ItemGraded', 'returns.dispositions': 'ItemRouted', 'returns.exceptions': 'ItemException' }

async function main() {
  const admin = kafka.admin()
  await admin.connect()
  const open = new Set()
  const ends = {}
  for (const topic of Object.keys(topics)) {
    for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
      if (BigInt(high) > BigInt(low)) {
        open.add(`${topic}/${partition}`)
        ends[`${topic}/${partition}`] = BigInt(high)
      }
    }
  }
  await admin.disconnect()

  const types = Object.fromEntries(Object.entries(topics).map(([topic, name]) => [topic, messageType(schemas, name)]))
  const units = new Map()
  const consumer = kafka.consumer({ groupId: `recount-${Date.now()}-${Math.random()}`, readUncommitted: false, maxWaitTimeInMs: 200 })
  await consumer.connect()
  await consumer.subscribe({ topics: Object.keys(topics), fromBeginning: true })
  await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`not read to the end in 60 s: ${[...open]}`)), 60000)
    consumer.on(consumer.events.CRASH, event => reject(event.payload.error))
    if (open.size === 0) resolve()
    // The last offset of a transactional partition is its marker, which no client is given: the one before it is the end.
    consumer.run({
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch }) => {
        for (const message of batch.messages) {
          const lpn = String(message.key)
          if (!lpn.startsWith(prefix)) continue
          const record = types[batch.topic](message.value)
          const unit = units.get(lpn) || { revision: -1, graded: false, outcome: null }
          if (batch.topic === 'returns.grades') unit.graded = true
          else if (batch.topic === 'returns.dispositions' && record.revision >= unit.revision) Object.assign(unit, { revision: record.revision, outcome: record.disposition })
          else if (batch.topic === 'returns.exceptions' && record.state === 'open' && record.revision >= unit.revision) Object.assign(unit, { revision: record.revision, outcome: 'manual_review' })
          units.set(lpn, unit)
        }
        const key = `${batch.topic}/${batch.partition}`
        if (BigInt(batch.lastOffset()) + 2n >= ends[key]) open.delete(key)
        if (open.size === 0) resolve()
      }
    }).catch(reject)
  })
  await consumer.disconnect()
  const counts = { units: units.size, graded: 0, manualReview: 0, dispositions: {} }
  for (const { graded, outcome } of units.values()) {
    if (graded) counts.graded++
    if (outcome === 'manual_review') counts.manualReview++
    else if (outcome) counts.dispositions[outcome] = (counts.dispositions[outcome] || 0) + 1
  }
  return counts
}

main().then(
  result => { console.log(JSON.stringify(result)); process.exit(0) },
  error => { console.error(error.stack || String(error)); process.exit(1) })
