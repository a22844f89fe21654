// Publishes a product and scans of its units, with kafkajs and the published schemas alone.
// usage: node publish.js SERVERS SCHEMAS_FOLDER LPN_PREFIX UNITS
// Every fifth unit has a piece broken; every seventh intake is published twice. The last record is no scan at all.
const { Kafka, logLevel, Partitioners } = require('kafkajs')
const { encoder } = require('./schemas')

const [servers, schemas, prefix, units] = process.argv.slice(2)
const kafka = new Kafka({ clientId: 'conveyor', brokers: [servers], logLevel: logLevel.NOTHING, retry: { retries: 8 } })
const scan = encoder(schemas, 'ItemScan')
const item = encoder(schemas, 'CatalogItem')
const start = Date.UTC(2026, 5, 1, 8)

function blank(lpn, station, sequence, kind) {
  return {
    lpn, program: 'foreign', facility: 'DC-FOREIGN', station, sequence, kind, scannedAt: start + sequence * 1000, sku: null, returnReason: null,
    raNumber: null, serialNumber: null, pricePaid: null, findings: [], imageGrade: null, weightGrams: null, divert: null, grader: null,
    qualitySample: false, origin: 'station', source: null
  }
}

async function main() {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({
    topic: 'returns.catalog',
    messages: [{
      key: 'foreign|MUG-1',
      value: item({
        program: 'foreign', sku: 'MUG-1', description: 'A mug', category: 'homeware', vendor: 'POTTERY', cost: { amount: 2.5, currency: 'GBP' },
        referencePrice: { amount: 9.99, currency: 'GBP' }, weightGrams: 350, recalled: false, hazmat: false, dataBearing: false, hygiene: false,
        serialised: false, updatedAt: start
      })
    }]
  })
  const messages = []
  for (let i = 0; i < Number(units); i++) {
    const lpn = `${prefix}${i}`
    const intake = { ...blank(lpn, 'INTAKE-1', 2 * i, 'intake'), sku: 'MUG-1', returnReason: 'changed_mind', pricePaid: { amount: 9.99, currency: 'GBP' } }
    const broken = i % 5 === 0
    const inspection = {
      ...blank(lpn, 'BENCH-1', 2 * i + 1, 'inspection'),
      findings: [['damage', broken ? 4 : 0], ['set-complete', 1], ['used', 0], ['box', 0]].map(([criterion, value]) => ({ criterion, value, evidence: null })),
      grader: 'bench-1'
    }
    messages.push({ key: lpn, value: scan(intake) })
    if (i % 7 === 0) messages.push({ key: lpn, value: scan(intake) })
    messages.push({ key: lpn, value: scan(inspection) })
  }
  messages.push({ key: `${prefix}garbage`, value: Buffer.from('not a scan') })
  for (let i = 0; i < messages.length; i += 200) await producer.send({ topic: 'returns.scans', messages: messages.slice(i, i + 200) })
  await producer.disconnect()
  return { published: messages.length }
}

main().then(
  result => { console.log(JSON.stringify(result)); process.exit(0) },
  error => { console.error(error.stack || String(error)); process.exit(1) })
