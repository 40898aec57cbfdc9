// Signs events with Node's crypto module, as Ironclad does. Reads a JSON document from standard input:
//   { cases: [{ id, nonce, body or hex, algorithm, encoding, key, parsed }], keys: [name, …], print: [text, …],
//     requests: [{ members, body, digest, encoding, key }], privates }
// hex is a body in hexadecimal digits. With parsed, JSON.stringify of the parsed body is signed. key is the name of a key,
// as in `kinds`; it is made unless privates has it. A request gets its header: the members, and the member named `digest`
// with the body's SHA-256 in `encoding`; signed as it is, or without `digest` as timestamp, body and nonce. Prints
// { keys, privates, signatures, printed, headers } as JSON.
const crypto = require('crypto');
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const kinds = {
  rsa2048: ['rsa', { modulusLength: 2048 }],
  other: ['rsa', { modulusLength: 2048 }],
  rsa1024: ['rsa', { modulusLength: 1024 }],
  rsa3072: ['rsa', { modulusLength: 3072 }],
  pss: ['rsa-pss', { modulusLength: 2048 }],
  ec: ['ec', { namedCurve: 'P-256' }],
};
const privateKeys = {};
for (const name of Object.keys(input.privates || {})) privateKeys[name] = crypto.createPrivateKey(input.privates[name]);
function privateKey(name) {
  privateKeys[name] = privateKeys[name] || crypto.generateKeyPairSync(...kinds[name]).privateKey;
  return privateKeys[name];
}
const signatures = (input.cases || []).map((one) => {
  const signer = crypto.createSign(one.algorithm || 'sha256');
  const body = Buffer.from(one.body === undefined ? one.hex : one.body, one.body === undefined ? 'hex' : 'utf8');
  signer.update(one.id);
  signer.update(one.parsed ? JSON.stringify(JSON.parse(body.toString())) : body);
  signer.update(one.nonce);
  return signer.sign(privateKey(one.key || 'rsa2048'), one.encoding || 'base64');
});
const sorted = (object) => JSON.stringify(Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))));
const headers = (input.requests || []).map((one) => {
  const members = Object.assign({}, one.members);
  const sign = (text) => crypto.createSign('sha256').update(text).sign(privateKey(one.key || 'rsa2048'), 'base64');
  if (one.digest) members[one.digest] = crypto.createHash('sha256').update(one.body).digest(one.encoding || 'hex');
  const text = one.digest ? sorted(members) : (members.timestamp || '') + one.body + (members.nonce || '');
  return sorted(Object.assign({}, members, { signature: sign(text) }));
});
(input.keys || []).forEach(privateKey);
const keys = {}, privates = {};
for (const name of Object.keys(privateKeys)) {
  keys[name] = crypto.createPublicKey(privateKeys[name]).export({ type: 'spki', format: 'pem' });
  privates[name] = privateKeys[name].export({ type: 'pkcs8', format: 'pem' });
}
const printed = (input.print || []).map((text) => JSON.stringify(JSON.parse(text)));
process.stdout.write(JSON.stringify({ keys, privates, signatures, printed, headers }));
