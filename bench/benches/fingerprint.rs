//! The fingerprint beside what a user would pick instead, on drawn pictures and on the corpus where there is one.

use std::hint::black_box;
use std::time::Duration;

use bench::contenders::{ImageHasher, Turbo};
use bench::corpus;
use bench::pictures::{Coding, Size, frame};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use fingerprint::{Fingerprinter, Format, Limits};

/// The contenders on a set of pictures, one after the other in one iteration.
fn compare(mut group: BenchmarkGroup<'_, WallTime>, mut turbo: Turbo, pictures: &[Vec<u8>]) {
    let mut fingerprinter = Fingerprinter::new(Limits::default());
    group.bench_function("framewatch", |bencher| {
        bencher.iter(|| {
            for bytes in pictures {
                let _ = black_box(fingerprinter.of(black_box(bytes)));
            }
        });
    });
    group.bench_function("framewatch-thumbnail", |bencher| {
        bencher.iter(|| {
            for bytes in pictures {
                let _ = black_box(fingerprinter.thumbnail(black_box(bytes)));
            }
        });
    });
    group.bench_function("libjpeg-turbo", |bencher| {
        bencher.iter(|| {
            for bytes in pictures {
                let _ = black_box(turbo.decode(black_box(bytes)));
            }
        });
    });
    let hasher = ImageHasher::default();
    group.bench_function("image-hasher", |bencher| {
        bencher.iter(|| {
            for bytes in pictures {
                let _ = black_box(hasher.hash(black_box(bytes)));
            }
        });
    });
    group.finish();
}

fn drawn(criterion: &mut Criterion) {
    for size in Size::ALL {
        for coding in Coding::ALL {
            let bytes = frame(size, coding).expect("drawn pictures can be encoded");
            let group = criterion.benchmark_group(format!("{size}-{coding}"));
            let turbo = match size {
                Size::P480 => Turbo::quarter(),
                Size::P1080 | Size::P2160 => Turbo::eighth(),
            };
            compare(group, turbo.expect("libjpeg-turbo is linked in"), &[bytes]);
        }
    }
}

/// Those that all contenders read: JPEGs.
fn real(criterion: &mut Criterion) {
    let pictures = corpus::pictures(false).expect("the corpus can be read");
    let jpegs = pictures.into_iter().map(|(_, bytes)| bytes);
    let jpegs: Vec<_> = jpegs
        .filter(|bytes| Format::sniff(bytes) == Some(Format::Jpeg))
        .collect();
    if !jpegs.is_empty() {
        let mut group = criterion.benchmark_group(format!("corpus-{}-jpegs", jpegs.len()));
        group.sample_size(10);
        let turbo = Turbo::eighth().expect("libjpeg-turbo is linked in");
        compare(group, turbo, &jpegs);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = drawn, real
}
criterion_main!(benches);
