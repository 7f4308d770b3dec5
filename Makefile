# ngx_billing_module.  `make help` lists what can be asked for.

BUILD      ?= release
NGINX_SRC  ?= /usr/share/nginx/src
PREFIX     ?= /usr
MODULES    ?= $(PREFIX)/lib/nginx/modules
LIBEXEC    ?= $(PREFIX)/lib/ngx-billing
SHARE      ?= $(PREFIX)/share/ngx_billing_module
MAN        ?= $(PREFIX)/share/man
SYSTEMD    ?= $(PREFIX)/lib
FUZZ_SECONDS ?= 20

ifeq ($(origin CC),default)
CC := gcc
endif

ifeq ($(filter $(BUILD),release debug sanitize),)
$(error BUILD is release, debug or sanitize)
endif

BUILD_DIR ?= build/$(BUILD)$(if $(findstring clang,$(CC)),-clang)
B         := $(BUILD_DIR)
GEN       := $(B)/gen

# make V=1 shows the commands themselves.
Q   := $(if $(V),,@)
say  = @printf '  %-9s %s\n' '$(1)' '$(2)'


# TLS to Redis comes with hiredis 1.0: looked for here for the programs, in
# config for the module.  BILLING_REDIS_TLS=no leaves it out of all.
TLS_TRIED := \#include <hiredis/hiredis.h>\n\#include <hiredis/hiredis_ssl.h>\n\
int main(void) { return redisInitiateSSL(0, 0); }\n
REDIS_TLS := $(filter yes,$(or $(BILLING_REDIS_TLS),$(shell \
    printf '$(TLS_TRIED)' | $(CC) -x c -o /dev/null - -lhiredis_ssl -lhiredis \
    -lssl -lcrypto 2>/dev/null && echo yes)))
export BILLING_REDIS_TLS := $(or $(REDIS_TLS),no)


# --- flags --------------------------------------------------------------------

SANITIZE := -fsanitize=address,undefined -fno-omit-frame-pointer

OPTIMIZE_release  := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
OPTIMIZE_debug    := -O0 -g3 -DBILLING_FAULTS=1
OPTIMIZE_sanitize := -O1 -g $(SANITIZE) -fno-sanitize-recover=all

OPTIMIZE := $(OPTIMIZE_$(BUILD))
WERROR   := -Werror
WARN     := -Wall -Wextra $(WERROR) -Wconversion -Wshadow -Wswitch-enum \
            -Wmissing-prototypes
FLAGS    := -std=c11 -D_GNU_SOURCE $(OPTIMIZE) -fPIE $(WARN) \
            $(if $(REDIS_TLS),-DBILLING_REDIS_TLS) $(CFLAGS)
LINK     := $(OPTIMIZE) -pie -Wl,-z,relro,-z,now $(LDFLAGS)

# Stock nginx is not built for the sanitizers, so these must be able to go on.
# nginx allows unused parameters; clang lets the last word count.
MODULE_CC := $(filter-out -fno-sanitize-recover=all,$(OPTIMIZE)) \
             -D_GNU_SOURCE -Wall -Wextra $(WERROR) -Wno-unused-parameter \
             $(CFLAGS)
MODULE_LD := $(if $(filter sanitize,$(BUILD)),$(SANITIZE)) $(LDFLAGS)


# --- sources, found by looking --------------------------------------------------

RINGS    := domain store gateway api
SOURCES  := $(foreach ring,$(RINGS),$(wildcard src/$(ring)/*.c))
DOCUMENT := $(wildcard src/document/*.c)
WORKER   := $(wildcard src/worker/*.c)
CTL      := $(wildcard src/ctl/*.c)
HTTP     := $(wildcard src/http/*.c)
SQL      := $(wildcard src/worker/sql/*.sql)
HEADERS  := $(wildcard src/*/*.h)
TESTS    := $(wildcard t/unit/*.c t/worker/*.c)
FUZZERS  := $(wildcard t/fuzz/*.c)
MODULE_TESTS := $(wildcard t/*.t t/http/*.t)

# Those that neither race with a deadline nor look for processes by name.
VALGRIND_TESTS := $(wildcard $(addprefix t/,$(addsuffix .t, \
    api directives redis session status webhook)))

# What is embedded, as SYMBOL=FILE; those of the worker are not in the library.
EMBED_LIBRARY := billing_messages_api=conf/messages/api.json \
                 billing_messages_mail=conf/messages/mail.json
EMBED_WORKER  := billing_lua_library=src/store/billing.lua \
                 billing_messages_ctl=conf/messages/ctl.json \
                 $(foreach f,$(SQL),billing_sql_$(basename $(notdir $(f)))=$(f))

symbol = $(firstword $(subst =, ,$(1)))
origin_of = $(lastword $(subst =, ,$(1)))
there  = $(foreach e,$(1),$(if $(wildcard $(call origin_of,$(e))),$(e)))
gen_c  = $(foreach e,$(call there,$(1)),$(GEN)/$(call symbol,$(e)).c)

objects  = $(patsubst %.c,$(B)/obj/%.o,$(1))
gen_objs = $(patsubst $(GEN)/%.c,$(B)/obj/gen/%.o,$(call gen_c,$(1)))

LIBRARY_OBJS := $(call objects,$(SOURCES)) $(call gen_objs,$(EMBED_LIBRARY))
WORKER_OBJS  := $(call objects,$(filter-out src/worker/main.c,$(WORKER)) \
                $(DOCUMENT)) $(call gen_objs,$(EMBED_WORKER))

LIBRARY  := $(B)/libbilling.a
WORKLIB  := $(B)/libbilling-worker.a
MODULE   := $(B)/ngx_http_billing_module.so

LIBRARY_LIBS := -ljansson $(if $(REDIS_TLS),-lssl) -lcrypto
WORKER_LIBS  := $(if $(REDIS_TLS),-lhiredis_ssl) -lhiredis -lcurl -lsqlite3 \
                -lpq $(LIBRARY_LIBS)
POSTGRES_FLAGS := -I$(shell pg_config --includedir)
ifneq ($(DOCUMENT),)
DOCUMENT_FLAGS := $(shell pkg-config --cflags pangocairo pangoft2 fontconfig)
WORKER_LIBS    += $(shell pkg-config --libs pangocairo pangoft2 fontconfig)
endif

# In a folder of tests, a file without main() is shared by the others.
with_main = $(if $(1),$(shell grep -lE '^(int )?main\b' $(1) /dev/null))
PROGRAMS  := $(call with_main,$(TESTS))
UNIT      := $(patsubst t/%.c,$(B)/t/%,$(PROGRAMS))
shared    = $(call objects,$(filter-out $(PROGRAMS),$(wildcard t/$(1)/*.c)))


# --- targets --------------------------------------------------------------------

.PHONY: all module worker ctl unit run-unit module-tests check quick soak sanitize \
        test-postgres valgrind fuzz bench bench-build freshness gate-campaign tools install uninstall \
        print-install man deb test-package clean \
        help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: module worker ctl

module: $(MODULE)

worker: $(if $(WORKER),$(B)/billing-worker)

ctl: $(if $(CTL),$(B)/billingctl)

# t/lib/record and the like: small programs of the tests.
tools: $(patsubst t/lib/%.c,$(B)/%,$(wildcard t/lib/*.c))

$(B)/%: $(B)/obj/t/lib/%.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LINK) -o $@ $^ -lhiredis $(LIBRARY_LIBS)

help:
	@echo 'make            the module, billing-worker and billingctl'
	@echo 'make unit       builds and runs the unit tests (t/unit, t/worker)'
	@echo 'make module-tests   runs t/*.t against the module'
	@echo 'make check      everything (./check); make quick: ./check --quick'
	@echo 'make sanitize   unit and module tests under ASan and UBSan'
	@echo 'make test-postgres  the worker and some business on PostgreSQL'
	@echo 'make valgrind   the module tests under valgrind'
	@echo 'make fuzz       each fuzzer for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make fault      kills and failing system calls, FAULT_KILLS=$(FAULT_KILLS)'
	@echo 'make failover   FAILOVERS=$(FAILOVERS) of Redis each way; two sites cut off'
	@echo 'make renewals   RENEWALS=$(RENEWALS) of one day, RENEWALS_MS=$(RENEWALS_MS) a call'
	@echo 'make soak-memory  the worker for SOAK_MINUTES=$(SOAK_MINUTES): it does not grow'
	@echo 'make soak       a year of SOAK_TEAMS=$(SOAK_TEAMS) teams, SOAK_SEED=$(SOAK_SEED)'
	@echo 'make bench      measures, and says which targets are met: half an hour'
	@echo 'make freshness  how soon two hosts know of a change'
	@echo 'make gate-campaign  RELOADS=$(RELOADS) and KILLS=$(KILLS) of nginx under load'
	@echo 'make install    into DESTDIR, PREFIX=$(PREFIX); make uninstall'
	@echo 'make deb        Debian packages, in build/deb (tools/setup deb)'
	@echo 'make test-package   builds, installs, upgrades, removes them: bare root only'
	@echo 'make clean      removes build/'
	@echo
	@echo 'BUILD=release|debug|sanitize  CC=gcc|clang  V=1 shows commands'
	@echo 'NGINX_SRC=$(NGINX_SRC) (nginx-dev, or an nginx source tree)'
	@echo 'missing packages: tools/setup build test'

$(B)/billing-worker: $(B)/obj/src/worker/main.o $(WORKLIB) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LINK) -o $@ $^ $(WORKER_LIBS)

$(B)/billingctl: $(call objects,$(CTL)) $(WORKLIB) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LINK) -o $@ $^ $(WORKER_LIBS)

$(LIBRARY): $(LIBRARY_OBJS) $(B)/library.list
$(WORKLIB): $(WORKER_OBJS) $(B)/worker.list

$(LIBRARY) $(WORKLIB):
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) $(if $(filter src/document/%,$<),$(DOCUMENT_FLAGS)) \
	    $(if $(filter src/worker/db_postgres%,$<),$(POSTGRES_FLAGS)) \
	    -MMD -MP -c -o $@ $<

$(B)/obj/gen/%.o: $(GEN)/%.c $(B)/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

define embed
$(GEN)/$(call symbol,$(1)).c: $(call origin_of,$(1)) tools/embed
	$$(call say,EMBED,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)perl tools/embed $(call symbol,$(1)) $$< > $$@
endef

$(foreach e,$(EMBED_LIBRARY) $(EMBED_WORKER),$(eval $(call embed,$(e))))

# A file that changes only when what it holds does: flags, lists of sources.
define remember
	@mkdir -p $(@D)
	@printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' > $@
endef

$(B)/flags: FORCE
	$(call remember,$(CC) $(FLAGS) $(MODULE_CC) $(MODULE_LD) $(NGINX_SRC))
$(B)/library.list: FORCE
	$(call remember,$(LIBRARY_OBJS))
$(B)/worker.list: FORCE
	$(call remember,$(WORKER_OBJS))
$(B)/module.list: FORCE
	$(call remember,$(HTTP) $(SOURCES) $(HEADERS))


# --- the module: configured and made out of nginx-dev's tree ----------------------

NGINX_B := $(abspath $(B))/nginx

# The module knows the build of the nginx it is for (billing_nginx_build).
NGINX_PROGRAM := $(shell PATH=$$PATH:/usr/sbin command -v nginx)

$(B)/nginx.build: FORCE
	$(call remember,$(BILLING_NGINX_BUILDS) \
	    $(if $(NGINX_PROGRAM),$(shell tools/build-id $(NGINX_PROGRAM))))

$(B)/nginx/Makefile: config config.make tools/build-id $(B)/nginx.build \
                     $(B)/module.list $(B)/flags
	$(call say,CONFIGURE,$(MODULE))
	$(Q)test -x $(NGINX_SRC)/configure || { \
	    echo 'no $(NGINX_SRC)/configure: tools/setup build'; exit 1; }
	$(Q)bash -c 'cd $(NGINX_SRC) \
	    && NGX_CONF_FLAGS=(--with-compat --with-threads \
	           --with-http_ssl_module) \
	    && { [ ! -f conf_flags ] || . ./conf_flags; } \
	    && ./configure --builddir=$(NGINX_B) --with-cc=$(CC) \
	           --with-cc-opt="$(MODULE_CC)" --with-ld-opt="$(MODULE_LD)" \
	           "$${NGX_CONF_FLAGS[@]}" \
	           --add-dynamic-module=$(CURDIR)' \
	    > $(B)/configure.log 2>&1 \
	    || { tail -n 20 $(B)/configure.log; exit 1; }

$(MODULE): $(B)/nginx/Makefile $(HTTP) $(SOURCES) $(HEADERS) \
           $(wildcard conf/messages/*.json) tools/embed
	$(call say,MAKE,$@)
	$(Q)$(MAKE) -f $(NGINX_B)/Makefile -C $(NGINX_SRC) modules \
	    > $(B)/module.log 2>&1 || { \
	        grep -vE '^(\S+ -c |	)' $(B)/module.log; exit 1; }
	$(Q)cp $(NGINX_B)/ngx_http_billing_module.so $@


# --- tests ------------------------------------------------------------------------

unit-build: $(UNIT)

unit: unit-build
	@tools/tap --group unit $(UNIT)

$(B)/t/unit/%: $(B)/obj/t/unit/%.o $(call shared,unit) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -o $@ $^ -lcmocka $(LIBRARY_LIBS)

# A test may stand in for a file of the worker: its own definitions win.  One
# is a server that speaks TLS, whatever the worker is built with.
$(B)/t/worker/%: $(B)/obj/t/worker/%.o $(call shared,worker) $(WORKLIB) \
                 $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -Wl,--allow-multiple-definition -o $@ $^ -lcmocka \
	    $(WORKER_LIBS) -Wl,--as-needed -lssl

# nginx is Debian's own: the sanitizers' libraries are put in front of it, and
# the module stays loaded to the end, when the leaks are told with their names.
KEEP := $(if $(filter sanitize,$(BUILD)),$(B)/keep.so)

$(B)/keep.so:
	@mkdir -p $(@D)
	@echo 'int dlclose(void *handle) { return handle == 0; }' \
	    | $(CC) -shared -fPIC -x c -o $@ -

$(B)/nginx-run: $(KEEP) FORCE
	@mkdir -p $(@D)
	@{ echo '#!/bin/sh'; \
	   echo '# Starts nginx fit for the module beside this file.'; \
	   if [ $(BUILD) = sanitize ]; then \
	       printf 'LD_PRELOAD="%s %s %s"\nexport LD_PRELOAD\n' \
	           "$$(gcc -print-file-name=libasan.so)" \
	           "$$(gcc -print-file-name=libubsan.so)" $(abspath $(KEEP)); \
	   fi; \
	   echo 'PATH=$$PATH:/usr/sbin exec nginx "$$@"'; } > $@
	@chmod +x $@

MODULE_ENV = TEST_NGINX_BINARY=$(abspath $(B))/nginx-run \
             TEST_NGINX_LOAD_MODULES=$(abspath $(MODULE)) \
             BILLING_BUILD=$(abspath $(B))

module-tests: module worker tools $(B)/nginx-run
	@$(MODULE_ENV) tools/tap --group module --jobs 2 --exec perl $(MODULE_TESTS)

sanitize:
	$(Q)LSAN_OPTIONS=suppressions=$(CURDIR)/t/lsan.supp:print_suppressions=0 \
	    $(MAKE) BUILD=sanitize unit module-tests

# The same tests as on SQLite, beside a private server.
POSTGRES_BUSINESS := application lifecycle core invoices refunds accounts \
                     ctl_database ctl_move

test-postgres: all tools unit-build $(B)/nginx-run
	@t/lib/postgres tools/tap --group postgres --jobs 2 \
	    $(filter $(B)/t/worker/%,$(UNIT))
	@DEMO_BUILD_DIR=$(abspath $(B)) t/lib/postgres tools/tap \
	    --group 'postgres business' --timeout 600 \
	    --exec 'node --test-reporter=tap' \
	    $(POSTGRES_BUSINESS:%=t/business/%.mjs) \
	    t/fault/purchase.mjs t/fault/subscription.mjs

valgrind: module worker ctl tools
	@$(MODULE_ENV) TEST_NGINX_BINARY= TEST_NGINX_USE_VALGRIND=1 \
	    tools/tap --group valgrind \
	    --jobs 2 --timeout 1800 --exec perl $(VALGRIND_TESTS)

check:
	@./check

quick:
	@./check --quick

BENCH := $(addprefix $(B)/bench/,commits replay billing-worker)

bench-build: $(BENCH)

bench: all tools $(B)/nginx-run bench-build
	@DEMO_BUILD_DIR=$(abspath $(B)) bench/run

# The worker that writes its statements down, and what executes them alone.
$(B)/bench/billing-worker: $(B)/obj/src/worker/main.o $(B)/obj/bench/recorder.o \
                           $(WORKLIB) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -Wl,--wrap=billing_db_sqlite \
	    -Wl,--wrap=billing_db_postgres -o $@ $^ $(WORKER_LIBS)

$(B)/bench/%: $(B)/obj/bench/%.o $(WORKLIB) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -o $@ $^ $(WORKER_LIBS)

# Reloads and killed workers, also in the middle of a write to the zone; then
# who may do what changes all the time, and every answer must have been true.
RELOADS ?= 200
KILLS   ?= 50
SEED    ?= 20261123

gate-campaign:
	$(Q)$(MAKE) BUILD=debug all tools build/debug/nginx-run
	$(Q)TEST_NGINX_BINARY=$(CURDIR)/build/debug/nginx-run \
	    TEST_NGINX_LOAD_MODULES=$(CURDIR)/build/debug/ngx_http_billing_module.so \
	    perl t/torn.t
	$(Q)RELOADS=$(RELOADS) KILLS=$(KILLS) SEED=$(SEED) \
	    DEMO_BUILD_DIR=$(CURDIR)/build/debug \
	    node --test-reporter=tap t/soak/gate.mjs
	$(Q)SECONDS=$(RELOADS) SEED=$(SEED) DEMO_BUILD_DIR=$(CURDIR)/build/debug \
	    node --test-reporter=tap t/fault/verdicts.mjs
	$(Q)ROUNDS=200 SEED=$(FAULT_SEED) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/linear.mjs

freshness: all tools $(B)/nginx-run
	@DEMO_BUILD_DIR=$(CURDIR)/$(B) bench/freshness

# Simulated: minutes, not months.
SOAK_TEAMS   ?= 2000
SOAK_DAYS    ?= 365
SOAK_ACTIONS ?= 400
SOAK_SEED    ?= 20261123

soak: all tools
	$(Q)TEAMS=$(SOAK_TEAMS) DAYS=$(SOAK_DAYS) ACTIONS=$(SOAK_ACTIONS) \
	    SEED=$(SOAK_SEED) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/soak/year.mjs

# The worker's memory.
SOAK_MINUTES ?= 30

.PHONY: soak-memory

soak-memory: all tools
	$(Q)MINUTES=$(SOAK_MINUTES) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/soak/memory.mjs

# All due on one day, with a gateway that takes its time.  Calls under way at
# once are what one core can begin while a call lasts: no other load.
RENEWALS    ?= 10000
RENEWALS_MS ?= 200
RENEWALS_FLIGHT ?= 500

.PHONY: renewals

renewals: all tools
	$(Q)TEAMS=$(RENEWALS) MS=$(RENEWALS_MS) FLIGHT=$(RENEWALS_FLIGHT) \
	    WITHIN=1800000 \
	    DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/soak/renewals.mjs

# Every system call of the worker killed or made to fail, then kills at random,
# on both engines, and a gateway that does all that a gateway can do.
FAULT_KILLS  ?= 3000
FAULT_SEED   ?= 20261123

.PHONY: fault

fault: all tools
	$(Q)for fault in kill EIO ENOSPC; do \
	    FAULT=$$fault POINTS=0 SEED=$(FAULT_SEED) \
	    DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/syscall.mjs || exit 1; \
	done
	$(Q)KILLS=$(FAULT_KILLS) SEED=$(FAULT_SEED) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/kill.mjs
	$(Q)KILLS=$(FAULT_KILLS) SEED=$(FAULT_SEED) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    t/lib/postgres node --test-reporter=tap t/fault/kill.mjs
	$(Q)RENEW=yes DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/gateway.mjs
	$(Q)ORDERS=0 DOUBLED=yes SEED=$(FAULT_SEED) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/webhooks.mjs
	$(Q)POINTS=0 SEED=$(FAULT_SEED) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/power.mjs
	$(Q)ROUNDS=20 SEED=$(FAULT_SEED) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/failover.mjs
	$(Q)$(MAKE) failover
	$(Q)STOPS=10 SECONDS=8 SEED=$(FAULT_SEED) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    t/lib/postgres node --test-reporter=tap t/fault/stopped.mjs
	$(Q)SECONDS=300 SEED=$(FAULT_SEED) DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/verdicts.mjs


# Sentinel, a cluster, and two sites that are cut off from each other (root).
FAILOVERS ?= 10

.PHONY: failover

failover: all tools
	$(Q)ROUNDS=$(FAILOVERS) LANES=6 SEED=$(FAULT_SEED) \
	    DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/sentinel.mjs
	$(Q)ROUNDS=$(FAILOVERS) LANES=6 SEED=$(FAULT_SEED) \
	    DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    node --test-reporter=tap t/fault/cluster.mjs
	$(Q)DEMO_BUILD_DIR=$(CURDIR)/$(B) \
	    t/lib/postgres node --test-reporter=tap t/fault/partition.mjs


# --- fuzzing: clang's libFuzzer over everything that reads outside bytes ------------

FB     := build/fuzz
FFLAGS := -std=c11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer \
          -fsanitize=fuzzer-no-link,address,undefined \
          -fno-sanitize-recover=all $(if $(REDIS_TLS),-DBILLING_REDIS_TLS)
FUZZ   := $(patsubst t/fuzz/%.c,$(FB)/%,$(FUZZERS))
FOBJS  := $(patsubst %.c,$(FB)/obj/%.o,$(SOURCES)) \
          $(patsubst $(GEN)/%.c,$(FB)/obj/gen/%.o,$(call gen_c,$(EMBED_LIBRARY)))

fuzz-build: $(FUZZ)

fuzz: fuzz-build
	$(Q)for f in $(FUZZ); do \
	    name=$${f##*/}; mkdir -p $(FB)/corpus/$$name; \
	    printf '  %-9s %s, %s s\n' FUZZ $$name $(FUZZ_SECONDS); \
	    $$f -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=10 \
	        -print_final_stats=1 -artifact_prefix=$(FB)/$$name- \
	        $(FB)/corpus/$$name $$(ls -d t/fuzz/$$name 2>/dev/null) \
	        > $(FB)/$$name.log 2>&1 \
	        || { tail -n 40 $(FB)/$$name.log; exit 1; }; \
	    grep -E 'number_of_executed_units' $(FB)/$$name.log; \
	done

$(FB)/obj/gen/%.o: $(GEN)/%.c
	$(Q)mkdir -p $(@D)
	$(Q)clang $(FFLAGS) -c -o $@ $<

$(FB)/obj/%.o: %.c
	$(call say,FUZZ CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(FFLAGS) -MMD -MP -c -o $@ $<

$(FB)/%: $(FB)/obj/t/fuzz/%.o $(FOBJS)
	$(call say,LINK,$@)
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBRARY_LIBS)


# --- the rest ---------------------------------------------------------------------

# MODE=FILE=PLACE of everything that is installed, and so of what is removed.
page    = $(if $(filter %.in,$(1)),$(B)/man/$(notdir $(1:.in=)),$(1))
PAGES   := $(foreach p,$(wildcard doc/man/*),$(call page,$(p)))
HTML    := $(patsubst html/%,%,$(shell find html -type f))
INSTALL := 644=$(MODULE)=$(MODULES)/ngx_http_billing_module.so \
    755=$(B)/billing-worker=$(LIBEXEC)/billing-worker \
    755=$(B)/billingctl=$(PREFIX)/sbin/billingctl \
    $(foreach f,$(HTML),644=html/$(f)=$(SHARE)/html/$(f)) \
    $(foreach f,$(notdir $(wildcard conf/messages/*.json)), \
        644=conf/messages/$(f)=$(SHARE)/messages/$(f)) \
    $(foreach f,billing.json billing.schema.json nginx.conf, \
        644=conf/$(f)=$(SHARE)/$(f)) \
    644=conf/prometheus/billing.rules.yml=$(SHARE)/billing.rules.yml \
    755=conf/prometheus/billing-textfile=$(SHARE)/billing-textfile \
    644=conf/grafana/billing.json=$(SHARE)/dashboard.json \
    $(foreach p,$(PAGES), \
        644=$(p)=$(MAN)/man$(subst .,,$(suffix $(p)))/$(notdir $(p))) \
    $(foreach k,system=service sysusers.d=sysusers tmpfiles.d=tmpfiles, \
        644=conf/systemd/ngx-billing-worker.$(call origin_of,$(k))=$(strip \
        $(if $(filter system,$(call symbol,$(k))), \
            $(SYSTEMD)/systemd/system/ngx-billing-worker.service, \
            $(SYSTEMD)/$(call symbol,$(k))/ngx-billing-worker.conf)))

man: $(PAGES)

$(B)/man/%: doc/man/%.in tools/manual $(B)/billingctl \
            conf/billing.schema.json
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/manual $< $(B) > $@

install: all man
	$(Q)for each in $(INSTALL); do \
	    mode=$${each%%=*}; each=$${each#*=}; \
	    install -D -m $$mode $${each%=*} $(DESTDIR)$${each#*=} || exit 1; \
	done

print-install:
	@echo $(foreach each,$(INSTALL),$(lastword $(subst =, ,$(each))))

# Folders go when they are empty; configuration and books are not ours.
uninstall:
	$(Q)for each in $(INSTALL); do \
	    rm -f $(DESTDIR)$${each##*=}; \
	done
	$(Q)for folder in $(SHARE) $(LIBEXEC); do \
	    [ ! -d $(DESTDIR)$$folder ] || find $(DESTDIR)$$folder -depth \
	        -type d -empty -delete; \
	done

# Debian packages, out of a copy of what is committed or about to be.
DEB := build/deb/ngx-billing-$(shell sed -n '1s/.*(\([^-)]*\).*/\1/p' \
    debian/changelog)

deb:
	$(Q)rm -rf build/deb && mkdir -p $(DEB)
	$(Q)git ls-files -z | tar --null -T - -c | tar -C $(DEB) -x
	$(Q)cd $(DEB) && dpkg-buildpackage -b -us -uc $(DEB_FLAGS)
	$(Q)rm -rf $(DEB) && ls build/deb

# On a machine of its own, in which all is installed and removed: see there.
test-package:
	@t/package/run

clean:
	rm -rf build

-include $(shell [ -d $(B)/obj ] && find $(B)/obj -name '*.d') \
         $(shell [ -d $(FB)/obj ] && find $(FB)/obj -name '*.d')
