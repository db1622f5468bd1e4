# Thin over meson and .ci: every target is a line or two that a person could type. `make help` lists them.
#
# make run    three nodes on this machine; NODES=1 starts one. NODE=2 names one for stop, start and kill.
# make test   builds everything and runs every test.
# make bench  takes ten minutes; BENCH="--rounds 1 --duration 1s" passes flags to `skiff-bench compare`.

NODES ?= 3
NODE ?= 1
SECONDS_EACH ?= 60
# NODES only if somebody says so: by itself a simulated cluster has one to seven.
SIM_OPTIONS = SEED SEEDS FIRST HOURS SECONDS $(if $(filter-out file,$(origin NODES)),NODES) CLIENTS MS WITHOUT UNCHECKED BUSY LIMIT SHRINK
SANITIZE = -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1
SOURCES = git ls-files '*.cc' '*.h'

.PHONY: all run stop start kill test asan fuzz bench sim mutants cluster-test scenarios format lint check install clean help
.PHONY: need-build need-test need-check

all: build/build.ninja  ## build the program: build/skiff
	@ninja -C build skiff

run: build/build.ninja  ## start NODES=3 nodes on this machine; Ctrl-C stops them all
	@ninja -C build --quiet skiff
	@.ci/cluster run $(NODES)

stop start kill:  ## while `make run` runs: stop, start or kill -9 node NODE=2
	@.ci/cluster $@ $(NODE)

test: need-test build/build.ninja  ## build and run every test
	@.ci/test build

asan: need-test build-asan/build.ninja  ## the same with the address and undefined behaviour sanitizers
	@.ci/test build-asan

fuzz: need-check build-fuzz/build.ninja  ## feed every parser nonsense, SECONDS_EACH=60
	@.ci/fuzz build-fuzz $(SECONDS_EACH)

bench: need-build build/build.ninja  ## how fast it is here, beside the machine's limits and etcd, into bench/results
	@ninja -C build --quiet skiff skiff-bench skiff-micro
	@.ci/bench build bench/results $(BENCH)

sim: need-build build/build.ninja  ## simulate bad days of whole clusters; SEED=N repeats one, HOURS=H goes on
	@ninja -C build --quiet skiff-sim
	@build/skiff-sim $(foreach option,$(SIM_OPTIONS),$(if $($(option)),$(shell echo $(option) | tr A-Z a-z)=$($(option))))

cluster-test: need-test build/build.ninja  ## real nodes on a network of their own, SECONDS_EACH=60 of bad days
	@SECONDS_EACH=$(SECONDS_EACH) SEED=$(SEED) .ci/cluster-test build

scenarios: need-test build/build.ninja  ## run every test and print which scenario each of them shows
	@.ci/scenarios --run build

mutants: need-build build-mutants/build.ninja  ## break one rule at a time and see the tests notice; MUTANT=name, UNCHECKED=checker
	@.ci/mutants build-mutants $(MUTANT) $(if $(UNCHECKED),unchecked=$(UNCHECKED)) $(if $(SAMPLE),--sample)

format: need-check  ## rewrite all sources the way .clang-format says
	@$(SOURCES) | xargs clang-format-14 -i

lint: need-check build-fuzz/build.ninja  ## clang-tidy over the program
	@ninja -C build-fuzz --quiet transport/peers/peer.capnp.h src/version.h
	@run-clang-tidy-14 -quiet -p build-fuzz '^$(CURDIR)/(src|raft|store|transport)/.*\.cc$$'

check:  ## all that CI does, on a clean clone
	@.ci/run

install: all  ## install to PREFIX=/usr/local, below DESTDIR
	@meson configure build --prefix=$(or $(PREFIX),/usr/local)
	@meson install -C build

clean:  ## remove what was built; data directories stay
	@rm -rf build build-asan build-fuzz build-mutants

help:  ## this list
	@awk -F ':.*## ' '/^[a-z ]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' Makefile

need-build: ; @.ci/install build
need-test: ; @.ci/install build test
need-check: ; @.ci/install build test check

# Says something only when the command fails.
quietly = said=$$($(1) 2>&1) || { echo "$$said"; exit 1; }

# Each build directory is configured once; from then on ninja notices what changed.
build/build.ninja: | need-build
	@$(call quietly,meson setup build)
build-asan/build.ninja: | need-build
	@$(call quietly,meson setup build-asan $(SANITIZE))
build-mutants/build.ninja: | need-build
	@$(call quietly,meson setup build-mutants -Dcpp_args=-DSKIFF_WITH_MUTANTS)
build-fuzz/build.ninja: | need-check
	@$(call quietly,CC=clang-14 CXX=clang++-14 meson setup build-fuzz $(SANITIZE) -Dcpp_args=-fsanitize=fuzzer-no-link)
