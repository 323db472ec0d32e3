// SPDX-License-Identifier: Apache-2.0

//! Rust's atomic-write-file and tempfile as peers of bench/run; the protocol stands in
//! ../cpp/serve.h.

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Barrier;
use std::time::Instant;

use atomic_write_file::AtomicWriteFile;
use tempfile::NamedTempFile;

type Save = fn(&Path, &[u8]) -> std::io::Result<()>;
type Failure = Box<dyn Error + Send + Sync>;

fn with_atomic_write_file(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = AtomicWriteFile::open(path)?;
    file.write_all(content)?;
    file.commit()
}

fn with_tempfile(path: &Path, content: &[u8], sync: bool) -> std::io::Result<()> {
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(content)?;
    if sync {
        file.as_file().sync_all()?;
    }
    file.persist(path)?;
    Ok(())
}

const VARIANTS: [(&str, Save); 3] = [
    ("atomic-write-file", with_atomic_write_file),
    ("tempfile", |path, content| with_tempfile(path, content, false)),
    ("tempfile+sync_all", |path, content| with_tempfile(path, content, true)),
];

static VERSION: AtomicU64 = AtomicU64::new(0);

struct Order {
    folder: PathBuf,
    bytes: usize,
    files: usize,
    threads: usize,
    operations: usize,
}

fn parse(line: &str) -> Result<Order, Failure> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [folder, bytes, files, threads, operations] = words[..] else {
        return Err(format!("not FOLDER BYTES FILES THREADS OPERATIONS: {line}").into());
    };
    let (files, threads) = (files.parse()?, threads.parse()?);
    if threads == 0 || files < threads {
        return Err("there are more threads than files, or none".into());
    }
    let (bytes, operations) = (bytes.parse()?, operations.parse()?);
    Ok(Order { folder: folder.into(), bytes, files, threads, operations })
}

/// The nanoseconds of each operation of one thread.
fn timed(save: Save, order: &Order, thread: usize, announce: bool) -> std::io::Result<Vec<u128>> {
    let files = (thread..order.files).step_by(order.threads);
    let paths: Vec<PathBuf> = files.map(|file| order.folder.join(format!("file-{file}"))).collect();
    let mut content = vec![b'x'; order.bytes];
    let mut times = Vec::with_capacity(order.operations);
    for _ in 0..order.operations {
        let version = (VERSION.fetch_add(1, Ordering::Relaxed) + 1).to_string();
        let length = version.len().min(content.len());
        content[..length].copy_from_slice(&version.as_bytes()[..length]);
        let start = Instant::now();
        for path in &paths {
            save(path, &content)?;
        }
        times.push(start.elapsed().as_nanos());
        if announce {
            println!("saved");
        }
    }
    Ok(times)
}

fn carry_out(save: Save, order: &Order, announce: bool) -> Result<Vec<u128>, Failure> {
    let barrier = Barrier::new(order.threads);
    std::thread::scope(|scope| {
        let barrier = &barrier;
        let threads: Vec<_> = (0..order.threads)
            .map(|thread| {
                scope.spawn(move || {
                    barrier.wait();
                    timed(save, order, thread, announce)
                })
            })
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a thread panicked")??);
        }
        Ok(all)
    })
}

fn serve(save: Save, rest: &[String]) -> Result<(), Failure> {
    if !rest.is_empty() {
        carry_out(save, &parse(&rest.join(" "))?, true)?;
        return Ok(());
    }
    for line in std::io::stdin().lock().lines() {
        let times = carry_out(save, &parse(&line?)?, false)?;
        let words: Vec<String> = times.iter().map(u128::to_string).collect();
        println!("done {}", words.join(" "));
    }
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let name = arguments.get(1).map_or("", String::as_str);
    let Some((_, save)) = VARIANTS.iter().find(|variant| variant.0 == name) else {
        eprintln!("usage: PEER VARIANT [FOLDER BYTES FILES THREADS OPERATIONS]");
        std::process::exit(2);
    };
    if let Err(problem) = serve(*save, &arguments[2..]) {
        eprintln!("{problem}");
        std::process::exit(1);
    }
}
