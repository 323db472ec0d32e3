// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/node_script.h"

#include <algorithm>
#include <charconv>

namespace untorn::prove {
namespace {

// Wrappers keep the names, lengths and other properties of what they wrap, and do nothing but tell.
// Nothing that they do can throw into the program.
constexpr std::string_view script = R"js('use strict';
(() => {
  const fs = require('fs');
  const url = require('url');
  const tellTo = 0x554e544e;
  const write = fs.writeSync;
  let depth = 0;

  function frames(above) {
    const limit = Error.stackTraceLimit;
    const prepare = Error.prepareStackTrace;
    const holder = {};
    let sites;
    try {
      Error.stackTraceLimit = 64;
      Error.prepareStackTrace = (_, all) => all;
      Error.captureStackTrace(holder, above);
      sites = holder.stack;
    } finally {
      Error.stackTraceLimit = limit;
      Error.prepareStackTrace = prepare;
    }
    let text = '';
    for (const site of Array.isArray(sites) ? sites : []) {
      let file = site.getFileName();
      if (!file || file.startsWith('node:')) continue;
      if (file.startsWith('file:')) file = url.fileURLToPath(file);
      const name = String(site.getFunctionName() || '').replace(/[\t\n]/g, ' ');
      text += `${site.getLineNumber()}\t${name}\t${file}\n`;
    }
    return text;
  }

  function tell(kind, keys, above) {
    try {
      const stack = above ? frames(above) : '';
      if (kind === 'later' && stack === '') return;
      write(tellTo, `${kind}\n${keys}\n${stack}`);
    } catch {}
  }

  function key(value) {
    if (typeof value === 'number') return '#' + value;
    if (value && typeof value.fd === 'number') return '#' + value.fd;
    if (value instanceof URL) value = url.fileURLToPath(value);
    if (Buffer.isBuffer(value)) value = value.toString();
    if (typeof value !== 'string') return '';
    return value.replace(/\/+$/, '').split('/').pop().replace(/\n/g, ' ');
  }

  function keysOf(self, values) {
    const own = self && typeof self.fd === 'number' ? ['#' + self.fd] : [];
    try {
      return [...own, key(values[0]), key(values[1])].filter((each) => each !== '').join('/');
    } catch {
      return '';
    }
  }

  function replace(object, name, make) {
    const original = object[name];
    if (typeof original !== 'function') return;
    const wrapper = make(original);
    const properties = Object.getOwnPropertyDescriptors(original);
    delete properties.prototype;
    Object.defineProperties(wrapper, properties);
    const place = Object.getOwnPropertyDescriptor(object, name);
    Object.defineProperty(object, name, { ...place, value: wrapper });
  }

  function synchronous(original) {
    return function wrapper(...values) {
      if (depth > 0) return Reflect.apply(original, this, values);
      ++depth;
      tell('begin', '', wrapper);
      try {
        return Reflect.apply(original, this, values);
      } finally {
        tell('end', '');
        --depth;
      }
    };
  }

  function asynchronous(original) {
    return function wrapper(...values) {
      tell('later', keysOf(this, values), wrapper);
      return Reflect.apply(original, this, values);
    };
  }

  const names = ['appendFile', 'chmod', 'chown', 'copyFile', 'cp', 'fchmod', 'fdatasync', 'fsync',
    'ftruncate', 'futimes', 'link', 'mkdir', 'mkdtemp', 'open', 'rename', 'rm', 'rmdir', 'symlink',
    'truncate', 'unlink', 'utimes', 'write', 'writeFile', 'writev'];
  const ofHandles = ['appendFile', 'chmod', 'datasync', 'sync', 'truncate', 'utimes', 'write',
    'writeFile', 'writev', 'createWriteStream'];
  for (const name of names) {
    replace(fs, name + 'Sync', synchronous);
    replace(fs, name, asynchronous);
    if (name !== 'open') replace(fs.promises, name, asynchronous);
  }
  replace(fs, 'createWriteStream', asynchronous);

  // The class of handles is not exported; the first handle shows it.
  let handles = null;
  replace(fs.promises, 'open', (original) => function wrapper(...values) {
    tell('later', keysOf(this, values), wrapper);
    const opened = Reflect.apply(original, this, values);
    if (handles === null) {
      opened.then((handle) => {
        if (handles !== null) return;
        handles = Object.getPrototypeOf(handle);
        for (const name of ofHandles) replace(handles, name, asynchronous);
      }, () => {});
    }
    return opened;
  });
  require('module').syncBuiltinESMExports();
})();
)js";

std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

}  // namespace

std::string_view node_script() noexcept {
  return script;
}

ToldStack parse_told_stack(std::string_view text) {
  ToldStack told;
  const std::string_view kind = take_until(text, '\n');
  if (kind == "begin") told.kind = ToldStack::Kind::begin;
  if (kind == "later") told.kind = ToldStack::Kind::later;
  std::string_view keys = take_until(text, '\n');
  while (!keys.empty()) told.keys.emplace_back(take_until(keys, '/'));
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view number = take_until(line, '\t');
    Frame frame;
    (void)std::from_chars(number.data(), number.data() + number.size(), frame.line);
    frame.function = take_until(line, '\t');
    frame.path = line;
    if (!frame.path.empty()) told.stack.push_back(std::move(frame));
  }
  return told;
}

}  // namespace untorn::prove
