# ironclad: `make help` lists the targets.
#
#   LUA       5.4 (default), 5.3, 5.1 or luajit: the Lua to build for
#   SANITIZE  address,undefined or thread: an instrumented build in its own folder
#   PORTABLE  1: the fallbacks for systems other than Linux, on any system, in its own folder
#   BUILD     where everything built goes (default: build)
#   LUA_PROGRAM  the interpreter of that Lua (default: lua5.4, …), which compiles the Lua files for what is installed.
#             One that is given must be of that Lua; without the default one, what is installed has the Lua files alone.
#   INST_TYPEDIR  where the types for editors go (default: nowhere)
#   INST_MANDIR   where the manual pages go, in its man1 (default: PREFIX/share/man; empty: nowhere)
#   LISTENER  yes or no: whether to build ironclad/listener.so (default: when libmicrohttpd is found)
#   WERROR    what makes warnings errors (default: -Werror for the tests, otherwise nothing)
#   REDIS     yes or no: whether to build ironclad/redis.so (default: when hiredis is found)
#   REDIS_TLS yes or no: whether it has TLS (default: when hiredis_ssl is found, a library of hiredis 1.0 and later)
# CC is used, and CFLAGS and LDFLAGS are appended. So are the variables of LuaRocks: LUA_INCDIR, LIBFLAG, PREFIX,
# INST_LIBDIR, INST_LUADIR, INST_BINDIR, and <NAME>_INCDIR and <NAME>_LIBDIR for CURL, CJSON, CRYPTO, MICROHTTPD,
# HIREDIS, SSL and XLSXWRITER.
#
# Two rocks are built from this tree. The rock ironclad is the target `product`: ironclad/core.so (on Linux also
# ironclad/binding.so), and where their libraries are found ironclad/listener.so (libmicrohttpd) and ironclad/redis.so
# (hiredis). The rock ironclad-sandbox is the target `sandbox`:
# ironclad/sandbox/core.so, which needs libmicrohttpd and libxlsxwriter.

ROCKSPEC := $(wildcard ironclad-[0-9]*.rockspec)
VERSION  := $(word 2,$(subst -, ,$(ROCKSPEC:.rockspec=)))

# LuaRocks gives the folder of Lua's headers, which shows the version to build for.
ifdef LUA_INCDIR
# In Lua 5.5 the number is an expression: (5 * 100 + 5).
LUA := $(shell echo LUA_VERSION_NUM | $(CC) -E -P -include '$(LUA_INCDIR)/lua.h' -x c - | tail -n 1)
LUA := $(shell echo $$(($(LUA) / 100)).$$(($(LUA) % 100)))
endif
LUA      ?= 5.4
SANITIZE ?=
BUILD    ?= build
WERROR   ?= $(if $(filter test-build %-tests fuzz-build,$(MAKECMDGOALS)),-Werror)
PREFIX   ?= /usr/local
PKG_CONFIG ?= pkg-config

comma := ,
# Debian's package of the headers.
lua_package := $(if $(filter luajit,$(LUA)),libluajit-5.1-dev,liblua$(LUA:5.1=5.1-0)-dev)
lua_name := $(if $(filter luajit,$(LUA)),luajit,lua$(LUA))
variant := $(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(filter 1,$(PORTABLE)),-portable)
OUT  := $(BUILD)/$(LUA)$(variant)
CORE := $(BUILD)/core$(variant)

INST_LUADIR ?= $(PREFIX)/share/lua/$(LUA:luajit=5.1)
INST_LIBDIR ?= $(PREFIX)/lib/lua/$(LUA:luajit=5.1)
INST_BINDIR ?= $(PREFIX)/bin
INST_MANDIR ?= $(PREFIX)/share/man

# $(call cflags,NAME,package) and $(call libs,NAME,package,library): from NAME_INCDIR and NAME_LIBDIR when
# given, otherwise from pkg-config.
cflags = $(if $($1_INCDIR),-I$($1_INCDIR),$(shell $(PKG_CONFIG) --cflags $2 2>/dev/null))
libs   = $(if $($1_LIBDIR),-L$($1_LIBDIR) -l$3,$(or $(shell $(PKG_CONFIG) --libs $2 2>/dev/null),-l$3))

LUA_CFLAGS  := $(call cflags,LUA,$(lua_name))
CORE_CFLAGS := $(call cflags,CURL,libcurl) $(call cflags,CJSON,libcjson) $(call cflags,CRYPTO,libcrypto)
CORE_LIBS   := $(call libs,CURL,libcurl,curl) $(call libs,CJSON,libcjson,cjson) \
	$(call libs,CRYPTO,libcrypto,crypto) -lpthread -lm
HTTPD_CFLAGS := $(call cflags,MICROHTTPD,libmicrohttpd)
HTTPD_LIBS   := $(call libs,MICROHTTPD,libmicrohttpd,microhttpd)
HIREDIS_CFLAGS := $(call cflags,HIREDIS,hiredis) $(call cflags,SSL,libssl)
SANDBOX_CFLAGS := $(call cflags,XLSXWRITER,xlsxwriter)
# libxlsxwriter is linked with zlib itself.
SANDBOX_LIBS := $(HTTPD_LIBS) $(filter-out -lz,$(call libs,XLSXWRITER,xlsxwriter,xlsxwriter)) \
	$(call libs,CURL,libcurl,curl) $(call libs,CJSON,libcjson,cjson) $(call libs,CRYPTO,libcrypto,crypto) \
	-lpthread -lm

# ironclad.login, receiver:serve and `ironclad listen` need ironclad/listener.so.
ifndef LISTENER
LISTENER := $(shell $(CC) $(HTTPD_CFLAGS) $(CFLAGS) -include microhttpd.h -E -x c /dev/null >/dev/null 2>&1 \
	&& echo yes || echo no)
endif

# The option `shared` needs ironclad/redis.so.
ifndef REDIS
REDIS := $(shell $(CC) $(HIREDIS_CFLAGS) $(CFLAGS) -include hiredis/async.h -E -x c /dev/null >/dev/null 2>&1 \
	&& echo yes || echo no)
endif

# An address rediss:// needs hiredis_ssl, which is on OpenSSL.
ifndef REDIS_TLS
REDIS_TLS := $(shell $(CC) $(HIREDIS_CFLAGS) $(CFLAGS) -include hiredis/hiredis_ssl.h -include openssl/ssl.h -E -x c \
	/dev/null >/dev/null 2>&1 && echo yes || echo no)
endif
with_tls = $(if $(filter yes,$(REDIS_TLS)),$1,$2)
REDIS_CFLAGS := $(HIREDIS_CFLAGS) -DIC_REDIS_TLS=$(call with_tls,true,false)
REDIS_LIBS   := $(call with_tls,$(call libs,HIREDIS,hiredis_ssl,hiredis_ssl)) $(call libs,HIREDIS,hiredis,hiredis) \
	$(call with_tls,$(call libs,SSL,libssl,ssl) $(call libs,CRYPTO,libcrypto,crypto))

# Linker flags by system. A loaded module must stay in memory, because the engine's thread may still run when the Lua
# state is closed: -z nodelete does that on Linux, and ic_stay_loaded elsewhere.
SYSTEM := $(shell uname -s)
ifeq ($(SYSTEM),Darwin)
LIBFLAG ?= -bundle -undefined dynamic_lookup
exports := -Wl,-exported_symbol,'_luaopen_*'
program_flags := -Wl,-export_dynamic
else
LIBFLAG ?= -shared
program_flags := -Wl,-E
endif
# The binding as it is installed: on Linux core.so only loads it (src/loader/core.c).
binding := core.so
ifeq ($(SYSTEM)$(filter 1,$(PORTABLE)),Linux)
module_flags := -Wl,-z,nodelete
exports := -Wl,--version-script=src/exports.map
binding := binding.so
endif
ifeq ($(SYSTEM),Linux)
CORE_LIBS += -ldl
helper_flags := -Wl,--as-needed -Wl,-z,nodelete
endif
# With -std=c11, some systems hide functions beyond ISO C unless these are defined.
features := -D_GNU_SOURCE -D_NETBSD_SOURCE $(if $(filter 1,$(PORTABLE)),-DIC_PORTABLE=1)

sanitize := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer $(if \
	$(findstring undefined,$(SANITIZE)),-fno-sanitize-recover=undefined))
COMPILE = $(CC) -std=c11 $(features) -DIC_VERSION='"$(VERSION)"' -Wall -Wextra -Wpedantic $(WERROR) -O2 -g -fPIC \
	-fvisibility=hidden -MMD -MP $(sanitize) -Isrc $(spec_cflags) $(CORE_CFLAGS) $(CFLAGS)
MODULE  = $(CC) $(LIBFLAG) $(module_flags) $(sanitize) $(LDFLAGS)
PROGRAM = $(CC) $(program_flags) $(sanitize) $(LDFLAGS)

core_objects  := $(patsubst %.c,$(CORE)/%.o,$(wildcard src/core/*/*.c))
lua_objects   := $(patsubst %.c,$(OUT)/obj/%.o,lua_ironclad.c $(wildcard src/lua/*.c))
redis_objects := $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out src/redis/$(call with_tls,tls_none,tls).c,$(wildcard src/redis/*.c)))
listener_objects := $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard src/listener/*.c))
# The sandbox uses the HTML pages, listening sockets and lists of connections of src/listener.
sandbox_objects := $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard src/sandbox/*.c src/sandbox/*/*.c)) \
	$(addprefix $(OUT)/obj/src/listener/,connections.o html.o listen.o)

# The shared objects, Lua files and commands of each rock, by their names in the built tree.
product_modules := ironclad/core.so $(if $(filter yes,$(LISTENER)),ironclad/listener.so) \
	$(if $(filter yes,$(REDIS)),ironclad/redis.so)
sandbox_modules := ironclad/sandbox/core.so
installed       := ironclad/core.so $(if $(filter-out core.so,$(binding)),ironclad/$(binding))
lua_files       := $(shell cd src && find ironclad -name '*.lua')
sandbox_lua     := $(filter ironclad/sandbox/%,$(lua_files))
product_lua     := $(filter-out $(sandbox_lua),$(lua_files))
product_commands := ironclad
sandbox_commands := ironclad-sandbox

lua_tree := $(lua_files:%=$(OUT)/%)
product_bin := $(product_commands:%=$(OUT)/bin/%)
sandbox_bin := $(sandbox_commands:%=$(OUT)/bin/%)

# A test program is linked with all objects of the core, of the binding or of the sandbox. In spec/support, a C file with
# a header is linked into test programs too, peer.c is the Lua module spec_peer, and each other file is a library of its
# own name: a Lua module, or one for LD_PRELOAD.
with_header   = $(foreach header,$(wildcard $1/*.h),$(wildcard $(header:.h=.c)))
core_tests   := $(patsubst spec/core/%.c,$(CORE)/test/%,$(wildcard spec/core/*/test_*.c))
lua_tests    := $(patsubst spec/lua/%.c,$(OUT)/test/%,$(wildcard spec/lua/test_*.c))
sandbox_tests := $(patsubst spec/sandbox/%.c,$(OUT)/test/%,$(wildcard spec/sandbox/*/test_*.c))
core_helpers := $(patsubst %.c,$(CORE)/%.o,$(foreach folder,$(wildcard spec/core spec/core/*/),$(call with_header,$(folder:/=))) $(call with_header,spec/support))
lua_helpers  := $(patsubst %.c,$(OUT)/obj/%.o,$(call with_header,spec/lua))
libraries    := $(patsubst spec/support/%.c,$(OUT)/%.so,$(filter-out $(call with_header,spec/support), \
	$(wildcard spec/support/*.c)))
libraries    := $(libraries:$(OUT)/peer.so=$(OUT)/spec_peer.so)
fuzz_targets := $(patsubst spec/fuzz/fuzz_%.c,%,$(wildcard spec/fuzz/fuzz_*.c))
bench_programs := $(patsubst spec/bench/%.c,$(OUT)/bench/%,$(wildcard spec/bench/*.c))
TEST_LIBS    := $(call libs,SSL,libssl,ssl) $(CORE_LIBS)

.PHONY: all site-shared product sandbox optional-note deps demo test test-quick core-tests lua-tests sandbox-tests test-build bench bench-sandbox bench-each bench-scale \
	bench-files bench-events bench-shared bench-hosts sweep bench-instructions fuzz fuzz-build lint format reference install install-product install-sandbox uninstall uninstall-product uninstall-sandbox \
	interpreter-check clean env neovim site gate help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: product sandbox
product: interpreter-check $(addprefix $(OUT)/,$(product_modules) $(product_lua) $(installed:%=installed/%)) $(product_bin) optional-note
sandbox: interpreter-check $(addprefix $(OUT)/,$(sandbox_modules) $(sandbox_lua)) $(sandbox_bin)

optional-note:
	$(call note,LISTENER,libmicrohttpd,ironclad.login$(comma) receiver:serve and ironclad listen)
	$(call note,REDIS,hiredis,the option shared)
# Nothing when the caller has chosen.
note = @$(if $(filter file-no,$(origin $1)-$($1)),echo "ironclad: $2 is not found: built without $3" >&2,:)

# $(call need,FLAGS,HEADERS): each header with Debian's package of it, header=package. Fails once for all of them, before
# any source is compiled. A compiler that does not start says so itself.
need = $(CC) $(CFLAGS) -E -x c /dev/null >/dev/null || exit 1; missing=; for header in $2; do \
		$(CC) $1 $(CFLAGS) -include "$${header%=*}" -E -x c /dev/null >/dev/null 2>&1 \
			|| missing="$$missing $${header%=*} (Debian: $${header\#*=})"; done; \
	[ -z "$$missing" ] || { echo "ironclad: not found:$$missing; README.md lists all packages" >&2; \
		command -v $(PKG_CONFIG) >/dev/null || echo 'ironclad: nor $(PKG_CONFIG), which tells where they are' >&2; exit 1; }
needed = $(call need,$(CORE_CFLAGS) $(LUA_CFLAGS),stdlib.h=libc6-dev curl/curl.h=libcurl4-openssl-dev \
	cjson/cJSON.h=libcjson-dev openssl/evp.h=libssl-dev lauxlib.h=$(lua_package))

# Written when the compiler or a flag has changed, so that everything is then rebuilt. WERROR changes no object.
$(CORE)/flags: flags = $(subst $(WERROR),,$(COMPILE)) $(MODULE)
$(OUT)/obj/flags: flags = $(subst $(WERROR),,$(COMPILE)) $(LUA_CFLAGS) $(HTTPD_CFLAGS) $(REDIS_CFLAGS) $(SANDBOX_CFLAGS) $(MODULE) $(helper_flags)
$(OUT)/obj/flags: | $(CORE)/flags
$(CORE)/flags $(OUT)/obj/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(flags))' | cmp -s - $@ || { $(needed); printf '%s\n' '$(subst ','\'',$(flags))' > $@; }

$(CORE)/%.o: %.c $(CORE)/flags
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(OUT)/obj/%.o: %.c $(OUT)/obj/flags
	@mkdir -p $(@D)
	$(COMPILE) $(LUA_CFLAGS) $(HTTPD_CFLAGS) $(REDIS_CFLAGS) $(SANDBOX_CFLAGS) -c -o $@ $<

$(filter $(OUT)/obj/src/sandbox/%,$(sandbox_objects)): | $(OUT)/obj/sandbox_headers
$(OUT)/obj/sandbox_headers: $(OUT)/obj/flags
	@$(call need,$(HTTPD_CFLAGS) $(SANDBOX_CFLAGS),microhttpd.h=libmicrohttpd-dev xlsxwriter.h=libxlsxwriter-dev)
	@touch $@

$(CORE)/libcore.a: $(core_objects)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(core_objects)

# Not linked with liblua: the program that loads the module has Lua's functions.
$(OUT)/ironclad/core.so: $(lua_objects) $(core_objects) src/exports.map
	@mkdir -p $(@D)
	$(MODULE) $(exports) -o $@ $(lua_objects) $(core_objects) $(CORE_LIBS)

# What is installed has the Lua files as bytecode too (src/lua/chunks.h). Without an interpreter of this Lua it has none,
# and the Lua files are compiled at each start.
LUA_PROGRAM ?= $(lua_name)
# Written when there is another interpreter than before, or one for the first time.
$(OUT)/interpreter: FORCE
	@mkdir -p $(@D)
	@{ command -v $(LUA_PROGRAM) && $(LUA_PROGRAM) -v; } 2>&1 | cmp -s - $@ \
		|| { command -v $(LUA_PROGRAM) && $(LUA_PROGRAM) -v; } > $@ 2>&1 || :

# LuaRocks takes whichever interpreter it finds, with a warning, and starts the commands with it.
define check_interpreter
	@$(LUA_PROGRAM) -e 'assert(_VERSION == "Lua $(LUA:luajit=5.1)")' >/dev/null 2>&1 || { \
		echo 'ironclad: the interpreter "$(LUA_PROGRAM)" is not Lua $(LUA:luajit=5.1), and the commands need one that is.' \
		'Install it (Debian: $(lua_name)), and try again' >&2; exit 1; }
endef
interpreter-check:
	$(if $(findstring command line,$(origin LUA_PROGRAM)),$(check_interpreter),@:)

$(OUT)/chunks.c: $(OUT)/interpreter src/compile.lua src/probe.lua $(product_lua:%=src/%)
	@mkdir -p $(@D)
	@$(run_lua) src/compile.lua 'Lua $(LUA:luajit=5.1)' $(filter-out ironclad/init.lua,$(product_lua)) > $@ 2>/dev/null \
		|| cp src/lua/chunks_none.c $@

$(OUT)/chunks.o: $(OUT)/chunks.c $(OUT)/obj/flags
	$(COMPILE) $(LUA_CFLAGS) -c -o $@ $<

$(OUT)/installed/ironclad/$(binding): $(OUT)/chunks.o $(lua_objects) $(core_objects) src/exports.map
	@mkdir -p $(@D)
	$(MODULE) $(exports) -o $@ $(OUT)/chunks.o $(filter-out %/chunks_none.o,$(lua_objects)) $(core_objects) $(CORE_LIBS)

ifneq ($(binding),core.so)
$(OUT)/installed/ironclad/core.so: $(OUT)/obj/src/loader/core.o src/exports.map
	@mkdir -p $(@D)
	$(MODULE) $(exports) -o $@ $< -ldl
endif

# The linker takes only those objects of the archive that are used.
$(OUT)/ironclad/listener.so: $(listener_objects) $(CORE)/libcore.a src/exports.map
	@mkdir -p $(@D)
	$(MODULE) $(exports) -o $@ $(listener_objects) $(CORE)/libcore.a $(HTTPD_LIBS) -lpthread -lm

$(OUT)/ironclad/redis.so: $(redis_objects) $(CORE)/libcore.a src/exports.map
	@mkdir -p $(@D)
	$(MODULE) $(exports) -o $@ $(redis_objects) $(CORE)/libcore.a $(REDIS_LIBS)

$(OUT)/ironclad/sandbox/core.so: $(sandbox_objects) $(CORE)/libcore.a src/exports.map
	@mkdir -p $(@D)
	$(MODULE) $(exports) -o $@ $(sandbox_objects) $(CORE)/libcore.a $(SANDBOX_LIBS)

$(lua_tree): $(OUT)/%: src/%
	@mkdir -p $(@D)
	@ln -sfn '$(abspath $<)' $@

$(product_bin): $(OUT)/bin/%: src/ironclad/command/%
$(sandbox_bin): $(OUT)/bin/%: src/sandbox/%
$(product_bin) $(sandbox_bin):
	@mkdir -p $(@D)
	@sed '1s|^#!.*|#!/usr/bin/env $(lua_name)|' $< > $@ && chmod +x $@

# The program that loads these libraries must find their functions.
$(CORE)/spec/%.o $(OUT)/obj/spec/%.o: private spec_cflags = -I. -fvisibility=default

$(core_tests): $(CORE)/test/%: $(CORE)/spec/core/%.o $(core_helpers) $(core_objects)
	@mkdir -p $(@D)
	$(PROGRAM) -o $@ $^ $(TEST_LIBS)

$(lua_tests): $(OUT)/test/%: $(OUT)/obj/spec/lua/%.o $(lua_helpers) $(lua_objects) $(core_helpers) $(core_objects)
	@mkdir -p $(@D)
	$(PROGRAM) -o $@ $^ $(TEST_LIBS) $(call libs,LUA,$(lua_name),$(lua_name))

# The sandbox without its binding.
$(sandbox_tests): $(OUT)/test/%: $(OUT)/obj/spec/sandbox/%.o \
		$(filter-out %/lua_sandbox.o,$(sandbox_objects)) $(CORE)/libcore.a
	@mkdir -p $(@D)
	$(PROGRAM) -o $@ $^ $(SANDBOX_LIBS)

$(OUT)/spec_peer.so: $(OUT)/obj/spec/support/peer.o $(core_helpers)
$(OUT)/spec_faulty_proxy.so: $(CORE)/spec/support/acceptor.o
$(filter-out %/spec_peer.so,$(libraries)): $(OUT)/%.so: $(OUT)/obj/spec/support/%.o
$(libraries):
	@mkdir -p $(@D)
	$(MODULE) $(helper_flags) -o $@ $^ $(TEST_LIBS)

-include $(shell find $(CORE) $(OUT)/obj -name '*.d' 2>/dev/null)

# Programs that the benchmarks start.
$(bench_programs): $(OUT)/bench/%: $(OUT)/obj/spec/bench/%.o
	@mkdir -p $(@D)
	$(PROGRAM) -o $@ $^ $(SANDBOX_LIBS)

# Only a fuzz target's main comes from libFuzzer; everything else is instrumented by SANITIZE=fuzzer-no-link,…
$(fuzz_targets:%=$(OUT)/fuzz/%): $(OUT)/fuzz/%: $(OUT)/obj/spec/fuzz/fuzz_%.o \
		$(filter-out %/lua_sandbox.o,$(sandbox_objects)) $(CORE)/libcore.a
	@mkdir -p $(@D)
	$(PROGRAM) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(CORE_LIBS) $(SANDBOX_LIBS) $(lua_library)
# connections.json is read by Lua code, Clickwrap's filters are built by it, and JSON is read into its values.
lua_fuzz_targets := $(addprefix $(OUT)/fuzz/,connections_file clickwrap_filter json_in_lua)
$(lua_fuzz_targets): $(lua_objects)
$(lua_fuzz_targets): lua_library = $(call libs,LUA,$(lua_name),$(lua_name))

core-tests: $(core_tests)
lua-tests: $(lua_tests)
sandbox-tests: $(sandbox_tests)
fuzz-build: $(fuzz_targets:%=$(OUT)/fuzz/%)
test-build: all core-tests lua-tests sandbox-tests $(libraries)

# The build is a separate make, because what `deps` installs may change the flags above.
deps:
	@.ci/deps

# For lines that `make -n` must only print: it runs every line that contains $(MAKE).
submake = $(MAKE)

demo: deps
	@$(MAKE) -s -j2 LUA=5.4 all
	@eval "$$($(submake) -s env LUA=5.4)" && recipes/support/with_sandbox.sh lua5.4 recipes/launch_nda.lua
	@echo
	@echo 'Next, the command `ironclad`, in a shell that talks to a new sandbox: build/5.4/bin/ironclad sandbox -- sh'
	@echo '  ironclad workflows list'
	@echo '  ironclad describe "Mutual NDA"'
	@echo '  ironclad workflows launch "Mutual NDA" counterpartyName=Acme draft=@recipes/nda.docx'
	@echo 'Scripts: docs/contracts.md and recipes. Your own company: docs/connecting.md.'

test:
	@.ci/deps test
	@spec/run

test-quick:
	@spec/run specs-5.4 core lua-5.4 sandbox-5.4

# Benchmarks. They need a machine that does nothing else.
bench-sandbox: all $(libraries) $(bench_programs)
	@eval "$$($(MAKE) -s env LUA=$(LUA))" && $(lua_name) spec/bench/sandbox.lua $(OUT)/bench

bench-each: all $(libraries)
	@eval "$$($(MAKE) -s env LUA=$(LUA))" && $(lua_name) spec/bench/each.lua

bench-hosts:
	@$(MAKE) -s LUA=luajit test-build
	@eval "$$($(MAKE) -s env LUA=luajit)" && luajit spec/bench/hosts.lua

# Fails every allocation of Lua, the core, cJSON and libcurl in turn; the suites fail some of them. SWEEP=sandbox: those
# of one script.
sweep: lua-tests all
	@eval "$$($(MAKE) -s env LUA=$(LUA))" && $(OUT)/test/test_calls_oom all $(SWEEP)

# Node signs the events.
bench-events: all $(bench_programs)
	@$(MAKE) -s LUA=luajit test-build
	@eval "$$($(MAKE) -s env LUA=luajit)" && luajit spec/bench/events.lua $(abspath $(OUT)/bench)

bench-shared: all $(libraries)
	@eval "$$($(MAKE) -s env LUA=$(LUA))" && $(lua_name) spec/bench/shared.lua $(MINUTES) $(SPEED)

bench-scale: all $(libraries)
	@eval "$$($(MAKE) -s env LUA=$(LUA))" && $(lua_name) spec/bench/scale.lua

bench-files: all
	@eval "$$($(MAKE) -s env LUA=$(LUA))" && $(lua_name) spec/bench/files.lua 1024 $(lua_name)

# The module beside its peers: BENCH="--only=get,pages --rounds=9 --json".
BENCH ?=
bench:
	@.ci/deps bench
	@$(MAKE) -s -j2 LUA=5.4 product
	@$(MAKE) -s -j2 LUA=luajit product $(addprefix $(BUILD)/luajit/,spec_peer.so spec_process.so bench/plain)
	@eval "$$($(MAKE) -s env LUA=luajit)" && luajit spec/bench/peers.lua $(BENCH)

# This one may run beside others: it counts instructions.
bench-instructions: all $(libraries)
	@eval "$$($(MAKE) -s env LUA=$(LUA))" && $(lua_name) spec/bench/instructions.lua

# Runs every target, or one (FUZZ=json), for FUZZ_RUNS inputs each. New inputs that they find are kept in
# build/fuzz/corpus.
FUZZ      ?= $(fuzz_targets)
FUZZ_RUNS ?= 1000000
fuzz:
	@.ci/deps test
	@$(MAKE) -s -j2 LUA=5.4 CC=clang SANITIZE=fuzzer-no-link,address,undefined BUILD=build/fuzz fuzz-build
	@spec/fuzz/run build/fuzz/5.4-fuzzer-no-link-address-undefined/fuzz $(FUZZ_RUNS) $(FUZZ)

lint:
	@spec/run 'lint-*'

format:
	@clang-format -i $(wildcard *.c) $(shell find src spec -name '*.[ch]')

clean:
	rm -rf build *.rock

# For a shell: eval "$(make -s env LUA=5.4)". It changes the paths of one Lua only. Lua 5.3 and 5.4 have variables of
# their own, LUA_PATH_5_4. Lua 5.1 and LuaJIT have only LUA_PATH, which the others also read unless their own variable
# is set. So their own are set first, to the old value.
lua_path  := $(abspath $(OUT))/?.lua;$(abspath $(OUT))/?/init.lua
lua_cpath := $(abspath $(OUT))/?.so
suffix    := $(filter-out _5_1 _luajit,_$(subst .,_,$(LUA)))
with_own  := _5_2 _5_3 _5_4
# A run of the interpreter that finds the build, whatever the caller's shell says about Lua.
run_lua = LUA_INIT$(suffix)= LUA_PATH$(suffix)='$(lua_path)' LUA_CPATH$(suffix)='$(lua_cpath)' $(LUA_PROGRAM)
# A shell's line that puts folders before those of LUA_PATH or LUA_CPATH.
path_first = export $1$(suffix)="$2;$${$1$(suffix):-$${$1:-;}}"
env:
ifeq ($(suffix),)
	@for own in $(with_own); do \
		echo "export LUA_PATH$$own=\"\$${LUA_PATH$$own:-\$${LUA_PATH:-;;}}\""; \
		echo "export LUA_CPATH$$own=\"\$${LUA_CPATH$$own:-\$${LUA_CPATH:-;;}}\""; done
endif
	@echo '$(call path_first,LUA_PATH,$(lua_path))'
	@echo '$(call path_first,LUA_CPATH,$(lua_cpath))'
	@echo 'export PATH="$(abspath $(OUT))/bin:$$PATH"'

reference:
	$(MAKE) -s LUA=5.4 all
	@eval "$$($(MAKE) -s LUA=5.4 env)" && for made in reference types help; do \
		lua5.4 docs/make_$$made.lua || exit 1; done

# $(call put,MODE,FROM,FILES,TO): installs files of one folder into another, with the folders in their names. The modes do
# not depend on the caller's umask. install(1) makes a new file each time: a process that has loaded the old one keeps it,
# where copying into it would crash the process.
put = @umask 022; for file in $3; do \
	to='$(DESTDIR)$4'/$$file; [ -d "$${to%/*}" ] || mkdir -p "$${to%/*}" || exit 1; \
	install -m $1 '$2'/$$file "$$to" || exit 1; done
# $(call take,FILES,FROM,FOLDERS): removes what `put` has installed, and those folders that are then empty.
take = cd '$(DESTDIR)$2' 2>/dev/null || exit 0; rm -f $1 && \
	for folder in $3; do [ ! -d $$folder ] || find $$folder -depth -type d -exec rmdir {} \; 2>/dev/null || :; done

# The command writes its manual pages itself. Without an interpreter of this Lua there are none.
define install_man
	@rm -rf $(OUT)/man1; mkdir -p $(OUT)/man1; $(run_lua) $(OUT)/bin/ironclad man $(OUT)/man1 \
		|| { rm -rf $(OUT)/man1; echo 'No manual pages: $(LUA_PROGRAM) does not run the command.'; }
	$(call put,644,$(OUT),$$(cd $(OUT) && find man1 -type f),$(INST_MANDIR))
endef

# What the shell must be told when this Lua does not search PREFIX.
define search_note
	@[ -z '$(DESTDIR)' ] || exit 0; \
	paths=$$($(LUA_PROGRAM) -e 'print(";" .. package.path .. ";" .. package.cpath .. ";")' 2>/dev/null) || exit 0; \
	case $$paths in *';$(INST_LUADIR)/?.lua;'*';$(INST_LIBDIR)/?.so;'*) exit 0 ;; esac; \
	echo '$(lua_name) does not search $(PREFIX). In the profile of the shell:'; \
	echo '  $(call path_first,LUA_PATH,$(INST_LUADIR)/?.lua;$(INST_LUADIR)/?/init.lua)'; \
	echo '  $(call path_first,LUA_CPATH,$(INST_LIBDIR)/?.so)'
endef

type_files := config.json library/ironclad.lua library/ironclad/sandbox.lua

install: install-product install-sandbox
install-product: product
	$(call put,755,$(OUT),$(filter-out ironclad/core.so,$(product_modules)),$(INST_LIBDIR))
	$(call put,755,$(OUT)/installed,$(installed),$(INST_LIBDIR))
	$(call put,644,src,$(product_lua),$(INST_LUADIR))
	$(call put,755,$(OUT)/bin,$(product_commands),$(INST_BINDIR))
	$(if $(INST_TYPEDIR),$(call put,644,.,$(type_files),$(INST_TYPEDIR)))
	$(if $(INST_MANDIR),$(install_man))
	$(if $(filter file,$(origin INST_LUADIR)),$(search_note))
install-sandbox: sandbox
	$(call put,755,$(OUT),$(sandbox_modules),$(INST_LIBDIR))
	$(call put,644,src,$(sandbox_lua),$(INST_LUADIR))
	$(call put,755,$(OUT)/bin,$(sandbox_commands),$(INST_BINDIR))

# Ends a line of the recipe when the command there is that of another Lua, which was installed later.
own_command = grep -qs '^\#!.* $(lua_name)$$' '$(DESTDIR)$(INST_BINDIR)/$1' || [ ! -e '$(DESTDIR)$(INST_BINDIR)/$1' ] || exit 0;

# With the variables that it was installed with. Nothing is built.
uninstall: uninstall-sandbox uninstall-product
uninstall-product:
	@$(call take,$(addprefix ironclad/,core.so binding.so listener.so redis.so),$(INST_LIBDIR),ironclad)
	@$(call take,$(product_lua),$(INST_LUADIR),ironclad)
	@$(if $(INST_TYPEDIR),$(call take,$(type_files),$(INST_TYPEDIR),library))
	@$(call own_command,ironclad) $(if $(INST_MANDIR),($(call take,ironclad.1 ironclad-*.1,$(INST_MANDIR)/man1));) \
		$(call take,$(product_commands),$(INST_BINDIR))
uninstall-sandbox:
	@$(call take,$(sandbox_modules),$(INST_LIBDIR),ironclad)
	@$(call take,$(sandbox_lua),$(INST_LUADIR),ironclad)
	@$(call own_command,ironclad-sandbox) $(call take,$(sandbox_commands),$(INST_BINDIR))

# INSTANCE=sandbox: a new sandbox. INSTANCE=environment: the company of IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, …
INSTANCE = sandbox
PORT = 8080
with_instance = $(if $(filter environment,$(INSTANCE)),,$(if $(filter sandbox,$(INSTANCE)),recipes/support/with_sandbox.sh, \
	$(error INSTANCE: expected sandbox or environment, got $(INSTANCE))))
site:
	@$(MAKE) -s -j2 LUA=luajit all
	@eval "$$($(submake) -s env LUA=luajit)" && exec $(with_instance) recipes/nginx/run.sh $(PORT)

gate:
	@$(MAKE) -s -j2 LUA=luajit all
	@eval "$$($(submake) -s env LUA=luajit)" && exec $(with_instance) recipes/nginx/run.sh $(PORT) terms

# Always against a sandbox, because its cron script launches workflows. REDIS_URL=redis://…: that Redis. It is taken from
# make's arguments only: the Redis of the environment may be a company's.
with_redis = $(if $(findstring command line,$(origin REDIS_URL)),env REDIS_URL='$(REDIS_URL)' )
site-shared:
	@$(MAKE) -s -j2 LUA=luajit all
	@eval "$$($(submake) -s env LUA=luajit)" && \
		exec recipes/support/with_sandbox.sh $(with_redis)recipes/nginx/run.sh $(PORT) shared

# Installs the module and the plugin of editors/neovim as a Neovim package, which is on 'runtimepath' at the next start.
# Neovim's Lua is LuaJIT, or Lua 5.1, which has the same ABI.
NVIM_DIR ?= $(or $(XDG_DATA_HOME),$(HOME)/.local/share)/nvim/site/pack/ironclad/start/ironclad
NVIM     ?= nvim
nvim_files := $(shell cd editors/neovim && find . -type f ! -name tags)
neovim:
	@$(MAKE) -s LUA=luajit install-product INST_LUADIR='$(NVIM_DIR)/lua' INST_LIBDIR='$(NVIM_DIR)/lua' INST_BINDIR='$(NVIM_DIR)/bin' INST_MANDIR=
	$(call put,644,editors/neovim,$(nvim_files),$(NVIM_DIR))
	@! command -v $(NVIM) >/dev/null || $(NVIM) --headless -u NONE -i NONE -c 'helptags $(NVIM_DIR)/doc' -c 'quitall!'
	@echo 'The module and the plugin for Neovim are in $(NVIM_DIR)'
	@echo 'Restart Neovim, then: :Ironclad, :help ironclad, :checkhealth ironclad. To remove them, remove that folder.'

help:
	@echo 'make [LUA=5.4|5.3|5.1|luajit]  build both rocks into build/<LUA> (default: 5.4)'
	@echo 'make product       build the rock ironclad alone'
	@echo 'make sandbox       build the rock ironclad-sandbox alone'
	@echo 'make demo          install what is missing, build, run recipes/launch_nda.lua against the sandbox'
	@echo 'make test          install what is missing, build everything, run every suite'
	@echo 'make test-quick    the specs and C tests on Lua 5.4'
	@echo 'make bench         the module beside plain C, lua-curl, lua-http, lua-cjson and curl (docs/performance.md)'
	@echo 'make bench-sandbox memory and speed of the sandbox, beside those of libmicrohttpd alone'
	@echo 'make bench-each    memory of a walk over 100,000 records'
	@echo 'make bench-scale   CPU of a call, by the number of calls at once and of clients'
	@echo 'make bench-hosts   nginx, Neovim and plain Lua with many calls in flight'
	@echo 'make bench-events  the verification of events, forgeries, and nginx that receives events'
	@echo 'make bench-files   a file of 1 GiB up and down: speed and memory'
	@echo 'make bench-instructions  the instructions of a GET, a page, a byte of JSON and a start, beside those kept'
	@echo 'make sweep         every allocation of a set of scripts fails in turn (some minutes)'
	@echo 'make fuzz          libFuzzer on what reads foreign bytes (FUZZ=json, FUZZ_RUNS=1000000)'
	@echo 'make deps          install what the build needs (Debian)'
	@echo 'make env           print shell code that puts the build on LUA_PATH, LUA_CPATH and PATH'
	@echo 'make install       both rocks into PREFIX (default: /usr/local); install-product, install-sandbox: one of them'
	@echo 'make uninstall     remove what make install has put there, with the same LUA and PREFIX'
	@echo 'make site          run recipes/nginx at http://127.0.0.1:8080/ (PORT=8081: another port) against a sandbox;'
	@echo '                   INSTANCE=environment: against the company of IRONCLAD_INSTANCE, for real'
	@echo 'make gate          the same with the gate of recipes/nginx/terms.conf'
	@echo 'make site-shared   nginx with four workers and a cron script that share one Redis, against a sandbox'
	@echo '                   (REDIS_URL=redis://host:6379/0: that Redis and not a new one)'
	@echo 'make neovim        build the module for Neovim, and install it with the plugin of editors/neovim into NVIM_DIR,'
	@echo '                   by default a package in ~/.local/share/nvim'
	@echo 'make lint, format  luacheck and clang-format: check, or format the C sources'
	@echo 'make reference     docs/reference.md, the types for editors, the help for Neovim, from the catalog'
	@echo 'make clean         remove what was built'
