// SPDX-License-Identifier: Apache-2.0

// The packages write-file-atomic and atomically, as peers of bench/run; the protocol stands in
// ../cpp/serve.h. A thread is a chain of promises: Node has one thread for programs, and several
// for what it asks of the system.
import path from 'node:path'
import readline from 'node:readline'
import { writeFile } from 'atomically'
import writeFileAtomic from 'write-file-atomic'

const variants = {
  'write-file-atomic': (file, content) => writeFileAtomic(file, content),
  atomically: (file, content) => writeFile(file, content)
}
let version = 0

function parse (line) {
  const [folder, ...numbers] = line.trim().split(/\s+/)
  const [bytes, files, threads, operations] = numbers.map(Number)
  if (numbers.length !== 4 || !(threads >= 1) || !(files >= threads)) {
    throw new Error(`not FOLDER BYTES FILES THREADS OPERATIONS: ${line}`)
  }
  return { folder, bytes, files, threads, operations }
}

// The nanoseconds of each operation of one thread.
async function timed (save, order, thread, announce) {
  const paths = []
  for (let file = thread; file < order.files; file += order.threads) {
    paths.push(path.join(order.folder, `file-${file}`))
  }
  const content = Buffer.alloc(order.bytes, 'x')
  const times = []
  for (let operation = 0; operation < order.operations; operation++) {
    content.write(String(++version))
    const start = process.hrtime.bigint()
    for (const file of paths) await save(file, content)
    times.push(process.hrtime.bigint() - start)
    if (announce) process.stdout.write('saved\n')
  }
  return times
}

async function carryOut (save, order, announce) {
  const threads = Array.from({ length: order.threads },
    (_, thread) => timed(save, order, thread, announce))
  return (await Promise.all(threads)).flat()
}

async function serve (save, rest) {
  if (rest.length > 0) {
    await carryOut(save, parse(rest.join(' ')), true)
    return
  }
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const times = await carryOut(save, parse(line), false)
    process.stdout.write(`done ${times.join(' ')}\n`)
  }
}

const [name, ...rest] = process.argv.slice(2)
if (!Object.hasOwn(variants, name ?? '')) {
  process.stderr.write('usage: PEER VARIANT [FOLDER BYTES FILES THREADS OPERATIONS]\n')
  process.exit(2)
}
await serve(variants[name], rest)
