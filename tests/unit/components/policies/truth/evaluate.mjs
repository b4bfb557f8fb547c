// Decides IAM requests with @cloud-copilot/iam-simulate: one JSON object on stdin, one on stdout.
//
// in:  documents  id -> {kind: "identity" | "resource" | "trust", document}
//      requests   [{principal, action, resource, account, context, issuer, identity: [id], policy: id | null}]
//                 principal is an ARN, a service, or null for nobody; issuer is the host that signed the token, or null
//      expected   [true | false] for each request
//      decide     [index] of the requests to decide
//      changes    [{id, document, requests: [index]}]: one document exchanged for another
// out: decisions  [true | false] for each of decide
//      differs    for each change the index of a request that it decides otherwise than expected, or null
//
// runSimulation checks a request against AWS's service reference, slowly and with OIDC hosts it has heard of only;
// runUnsafeSimulation decides a hundred times as many. So everything is decided by the second, and one request of each
// shape by both: they must agree, and every context key must be one that AWS sends with the action.
import { readFileSync } from 'node:fs'
import {
  createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy, validateTrustPolicy
} from '@cloud-copilot/iam-policy'
import { anonymousPrincipal, runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate'

// A third of the time went into comparing names regardless of case by the rules of all languages. In printable ASCII
// only letters have a case, and nothing has an accent.
const compare = String.prototype.localeCompare
const plain = /^[ -~]*$/
String.prototype.localeCompare = function (other, locales, options) {
  if (!['accent', 'base'].includes(options?.sensitivity) || !plain.test(this) || !plain.test(other)) {
    return compare.call(this, other, locales, options)
  }
  const [mine, theirs] = [this.toLowerCase(), other.toLowerCase()]
  return mine === theirs ? 0 : mine < theirs ? -1 : 1
}

const validators = { identity: validateIdentityPolicy, resource: validateResourcePolicy, trust: validateTrustPolicy }

function simulation(request, documents) {
  return {
    request: {
      principal: request.principal ?? anonymousPrincipal,
      action: request.action,
      resource: { resource: request.resource, accountId: request.account },
      contextVariables: request.context
    },
    identityPolicies: request.identity.map((id) => ({ name: id, policy: documents[id] })),
    // The unsafe simulation wants a name, which it reads off a validated policy only.
    resourcePolicy: request.policy === null ? undefined
      : createValidatedPolicy(documents[request.policy], () => [], { name: request.policy }),
    serviceControlPolicies: [],
    resourceControlPolicies: []
  }
}

const decide = (request, documents) => runUnsafeSimulation(simulation(request, documents), {}) === 'Allowed'

// The service reference lists public issuers by name, gives no type for ec2:osuser and wants an account in every
// document's ARN, which AWS's own lack: what it knows stands in.
function withKnownKeys(request, documents) {
  const names = { 'ec2:osuser': 'aws:UserAgent' }
  for (const claim of ['aud', 'sub']) names[`${request.issuer}:${claim}`] = `accounts.google.com:${claim}`
  const renamed = (value) => JSON.parse(
    Object.entries(names).reduce((text, [key, standIn]) => text.replaceAll(`"${key}":`, `"${standIn}":`),
      JSON.stringify(value)).replace(/:ssm:([a-z0-9-]+)::/g, `:ssm:$1:${request.account}:`)
  )
  return [renamed(request), renamed(documents)]
}

async function check(request, documents, decided) {
  const told = JSON.stringify(request)
  const result = await runSimulation(simulation(...withKnownKeys(request, documents)), {})
  if (result.resultType !== 'single') throw new Error(`not decided: ${JSON.stringify(result.errors)}: ${told}`)
  const ignored = result.result.ignoredContextKeys
  if (ignored.length) throw new Error(`AWS sends no ${ignored} with this action: ${told}`)
  if ((result.overallResult === 'Allowed') !== decided) throw new Error(`the two simulations disagree: ${told}`)
}

const { documents: given, requests, expected, decide: indices, changes } = JSON.parse(readFileSync(0, 'utf8'))
const documents = Object.fromEntries(Object.entries(given).map(([id, { kind, document }]) => {
  const errors = validators[kind](document)
  if (errors.length) throw new Error(`${id} is not a valid ${kind} policy: ${JSON.stringify(errors)}`)
  return [id, document]
}))

const shapes = new Set()
const decisions = []
for (const request of indices.map((index) => requests[index])) {
  const decided = decide(request, documents)
  decisions.push(decided)
  const shape = JSON.stringify([
    request.action, request.resource.split(':')[2], Object.keys(request.context), request.issuer, decided
  ])
  // The reference lists a token's keys for the exchange alone; STS asks about its tags with the same context.
  if (!shapes.has(shape) && (request.issuer === null || request.action === 'sts:AssumeRoleWithWebIdentity')) {
    shapes.add(shape)
    await check(request, documents, decided)
  }
}
// What noticed one change of a document often notices the next, so that is asked first.
const noticed = {}
const differs = changes.map(({ id, document, requests: affected }) => {
  const changed = { ...documents, [id]: document }
  const concerned = new Set(affected)
  const before = (noticed[id] ??= new Set())
  const found = [...[...before].filter((index) => concerned.has(index)), ...affected]
    .find((index) => decide(requests[index], changed) !== expected[index])
  if (found !== undefined) before.add(found)
  return found ?? null
})
process.stdout.write(JSON.stringify({ decisions, differs }))
