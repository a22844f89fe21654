// kafkajs from the command line, for the tests: answers one line of JSON on standard output.
const { Kafka, logLevel, CompressionTypes, Partitioners } = require('kafkajs')

const [command, servers, topic, ...rest] = process.argv.slice(2)
const kafka = new Kafka({ clientId: 'kafkajs-test', brokers: [servers], logLevel: logLevel.NOTHING, retry: { retries: 8 } })

const commands = {
  async produce(count, prefix) {
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const placed = {}
    for (let i = 0; i < Number(count); i += 50) {
      const messages = []
      for (let j = i; j < Math.min(i + 50, Number(count)); j++) messages.push({ key: `key-${j}`, value: `${prefix}${j}`, headers: { n: String(j) } })
      for (const part of await producer.send({ topic, messages, acks: -1, compression: CompressionTypes.GZIP })) placed[part.partition] = part.baseOffset
    }
    await producer.disconnect()
    return { placed }
  },

  async transact() {
    const producer = kafka.producer({ transactionalId: `kafkajs-${topic}`, idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    for (const [value, commit] of [['kept', true], ['dropped', false], ['kept too', true]]) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ key: value, value }] })
      await (commit ? transaction.commit() : transaction.abort())
    }
    await producer.disconnect()
    return {}
  },

  // Several members of one group, until together they have read so many records.
  async consume(group, count, members) {
    const values = []
    const consumers = []
    const read = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`${values.length} of ${count} records came in 25 s`)), 25000).unref()
      for (let i = 0; i < Number(members || 1); i++) {
        const consumer = kafka.consumer({ groupId: group, sessionTimeout: 10000, heartbeatInterval: 300, maxWaitTimeInMs: 100, rebalanceTimeout: 5000 })
        consumers.push(consumer)
        consumer.connect()
          .then(() => consumer.subscribe({ topic, fromBeginning: true }))
          .then(() => consumer.run({
            eachMessage: async ({ partition, message }) => {
              values.push([partition, String(message.key), String(message.value)])
              if (values.length >= Number(count)) resolve()
            }
          })).catch(reject)
      }
    })
    await read
    await Promise.all(consumers.map(consumer => consumer.disconnect()))
    return { values }
  },

  async admin() {
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: 3, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }], waitForLeaders: true })
    const metadata = await admin.fetchTopicMetadata({ topics: [topic] })
    const configs = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic, configNames: ['cleanup.policy'] }] })
    const cluster = await admin.describeCluster()
    await admin.deleteTopics({ topics: [topic] })
    const left = await admin.listTopics()
    await admin.disconnect()
    return { partitions: metadata.topics[0].partitions.length, policy: configs.resources[0].configEntries[0].configValue, brokers: cluster.brokers.length, deleted: !left.includes(topic) }
  }
}

commands[command](...rest).then(
  result => { console.log(JSON.stringify(result)); process.exit(0) },
  error => { console.error(error.stack || String(error)); process.exit(1) })
