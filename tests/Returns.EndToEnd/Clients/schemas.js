// The published schemas, by any Avro library: here avsc.
const avro = require('avsc')
const fs = require('fs')
const path = require('path')

// Amounts are decimals in bytes: two's complement, big-endian, at the schema's scale. Given and taken as numbers here.
class Decimal extends avro.types.LogicalType {
  _fromValue(bytes) {
    return Number(BigInt.asIntN(bytes.length * 8, BigInt('0x' + (bytes.toString('hex') || '0')))) / 10000
  }
  _toValue(amount) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(BigInt(Math.round(amount * 10000)))
    return bytes
  }
}

function load(folder, name) {
  const schema = JSON.parse(fs.readFileSync(path.join(folder, `${name}.avsc`), 'utf8'))
  return { id: schema.schemaId, type: avro.Type.forSchema(schema, { logicalTypes: { decimal: Decimal }, wrapUnions: false }) }
}

module.exports = {
  // Decodes a value in the Confluent wire format: byte 0, the schema id, the Avro body.
  messageType(folder, name) {
    const { id, type } = load(folder, name)
    return value => {
      if (value[0] !== 0 || value.readInt32BE(1) !== id) throw new Error(`not written with ${name}, id ${id}`)
      return type.fromBuffer(value.subarray(5))
    }
  },

  encoder(folder, name) {
    const { id, type } = load(folder, name)
    return record => {
      const header = Buffer.alloc(5)
      header.writeInt32BE(id, 1)
      return Buffer.concat([header, type.toBuffer(record)])
    }
  }
}
