# Two commands set everything up: `make demo` and `make test`.
# ARGS go to the program: make demo ARGS="--output json"
# FLAGS go to every `swift build` and `swift test`. Continuous integration makes one build of all.

.PHONY: demo test build lint install bench fuzz simulate planted-bugs soak clean

demo: install
	@swift build --configuration release --product gatewright $(FLAGS) 1>&2
	@.build/release/gatewright demo $(ARGS)

test: install-for-tests lint
	swift build --build-tests $(FLAGS)
	@scripts/test $(FLAGS) $(ARGS)

build: install
	swift build --configuration release --product gatewright $(FLAGS)

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

# What the program is built with and needs to run.
install:
	@scripts/install libgit2-dev libsqlite3-dev libssl-dev libzstd-dev zlib1g-dev pkg-config git openssh-client

# What the tests talk to.
install-for-tests: install
	@scripts/install faketime mount openssh-server openssl python3 sqlite3

# A minute for each parser of outside bytes, with libFuzzer.
fuzz: install
	Fuzz/run

# Worlds where everything goes wrong, by seed: make simulate ARGS="--seeds 2000"
simulate: build
	.build/release/gatewright simulate $(ARGS)

# What of the bugs in Tests/PlantedBugs such worlds find: make planted-bugs ARGS="--seeds 500"
planted-bugs: install
	@scripts/install python3
	scripts/planted-bugs $(ARGS)

# Real processes that are killed, stopped and cut off: make soak ARGS="--cycles 100"
soak: build install-for-tests
	.build/release/gatewright soak $(ARGS)

bench:
	swift build --configuration release --product gatewright
	Benchmarks/run

clean:
	rm -rf .build
