dnl cluster.m4 --
dnl
dnl	The macros of configure.ac, one question each.

dnl CLUSTER_FIND_TCL: reads the tclConfig.sh to build against.
dnl
dnl Preferred is the version of --with-tcl-version, then that of the tclsh on
dnl the path (which is what the package will most likely be loaded into), then
dnl the newest. Sets TCL_* from tclConfig.sh, tcl_bin_dir, and LIB_PREFIX, which
dnl tells libraries for 9 from those for 8.6 in one directory.
AC_DEFUN([CLUSTER_FIND_TCL],[
AC_ARG_WITH([tcl],[AS_HELP_STRING([--with-tcl=DIR],[directory that holds tclConfig.sh])],[],[with_tcl=])
AC_ARG_WITH([tcl-version],[AS_HELP_STRING([--with-tcl-version=X.Y],[take this Tcl version when several are found])],[],[with_tcl_version=])
AC_MSG_CHECKING([for tclConfig.sh])
multiarch=`$CC -print-multiarch 2>/dev/null`
tcl_bin_dir=

dnl Debian's /usr/lib/tclConfig.sh and /usr/lib/tclX.Y/tclConfig.sh ask
dnl dpkg-architecture where the real one is; without that program (package dpkg-dev)
dnl they source themselves without end.
cluster_usable () {
    test -r "[$]1/tclConfig.sh" || return 1
    if grep dpkg-architecture "[$]1/tclConfig.sh" >/dev/null 2>&1; then
        command -v dpkg-architecture >/dev/null 2>&1 || return 1
    fi
    return 0
}

if test -n "$with_tcl"; then
    case $with_tcl in */tclConfig.sh) with_tcl=`dirname "$with_tcl"` ;; esac
    for d in "$with_tcl" "$with_tcl/lib" "$with_tcl/unix" \
            ${multiarch:+"/usr/lib/$multiarch/`basename "$with_tcl"`"}; do
        if cluster_usable "$d"; then tcl_bin_dir=$d; break; fi
    done
    test -n "$tcl_bin_dir" || AC_MSG_ERROR([no tclConfig.sh in $with_tcl])
else
    cluster_tclsh_version=`echo 'puts $tcl_version' | tclsh 2>/dev/null`
    cluster_tclsh_lib=`echo 'puts @<:@::tcl::pkgconfig get libdir,runtime@:>@' | tclsh 2>/dev/null`
    for v in ${with_tcl_version:-$cluster_tclsh_version 9.1 9.0 8.6}; do
        case $v in 8.@<:@0-5@:>@) continue ;; esac
        for d in "$libdir" "$exec_prefix/lib" "$prefix/lib" \
                ${multiarch:+/usr/lib/$multiarch/tcl$v} ${multiarch:+/usr/lib/$multiarch} \
                ${cluster_tclsh_lib:+"$cluster_tclsh_lib/tcl$v" "$cluster_tclsh_lib"} \
                /usr/lib64/tcl$v /usr/lib64 \
                /opt/homebrew/opt/tcl-tk@${v%%.*}/lib /opt/homebrew/opt/tcl-tk/lib \
                /usr/local/opt/tcl-tk@${v%%.*}/lib /usr/local/opt/tcl-tk/lib \
                /usr/local/lib/tcl$v /usr/local/lib /opt/local/lib \
                /usr/lib/tcl$v /usr/lib; do
            case $d in *'${'*|NONE*) continue ;; esac
            cluster_usable "$d" || continue
            got=`. "$d/tclConfig.sh" >/dev/null 2>&1; echo "$TCL_VERSION"`
            if test "$got" = "$v"; then tcl_bin_dir=$d; break 2; fi
        done
    done
    test -n "$tcl_bin_dir" || AC_MSG_ERROR([not found; install the development files of Tcl 8.6 or 9.0 (Debian: tcl-dev), or give --with-tcl=DIR])
fi
AC_MSG_RESULT([$tcl_bin_dir])

. "$tcl_bin_dir/tclConfig.sh"
test -n "$TCL_VERSION" || AC_MSG_ERROR([$tcl_bin_dir/tclConfig.sh sets no TCL_VERSION])
case $TCL_VERSION in
    8.@<:@0-5@:>@) AC_MSG_ERROR([Tcl 8.6 or later is needed, this is $TCL_VERSION]) ;;
    8.*) LIB_PREFIX=lib ;;
    *) LIB_PREFIX=libtcl9 ;;
esac

dnl These hold shell text such as ${CC} ${CFLAGS} ${LDFLAGS}, left for make to expand.
SHLIB_LD=$TCL_SHLIB_LD
SHLIB_CFLAGS=$TCL_SHLIB_CFLAGS
SHLIB_SUFFIX=$TCL_SHLIB_SUFFIX

AC_ARG_WITH([tclinclude],[AS_HELP_STRING([--with-tclinclude=DIR],[directory that holds tcl.h, if not where tclConfig.sh says])],[
    test -r "$with_tclinclude/tcl.h" || AC_MSG_ERROR([no tcl.h in $with_tclinclude])
    TCL_INCLUDE_SPEC=-I$with_tclinclude
])

dnl As system headers, so that our warnings do not speak of Tcl's.
TCL_INCLUDES=
for f in $TCL_INCLUDE_SPEC; do
    case $f in
        -I/usr/include) ;;
        -I*) TCL_INCLUDES="$TCL_INCLUDES -isystem ${f#-I}" ;;
        *) TCL_INCLUDES="$TCL_INCLUDES $f" ;;
    esac
done
AC_SUBST([TCL_VERSION])
AC_SUBST([TCL_INCLUDES])
AC_SUBST([TCL_STUB_LIB_SPEC])
AC_SUBST([TCL_LIB_SPEC])
AC_SUBST([SHLIB_LD])
AC_SUBST([SHLIB_CFLAGS])
AC_SUBST([SHLIB_SUFFIX])
AC_SUBST([LIB_PREFIX])
])

dnl CLUSTER_CHECK_TCL_HEADERS: are the headers there, and of that version?
AC_DEFUN([CLUSTER_CHECK_TCL_HEADERS],[
AC_MSG_CHECKING([for the headers of Tcl $TCL_VERSION])
cluster_save_CPPFLAGS=$CPPFLAGS
CPPFLAGS="$CPPFLAGS $TCL_INCLUDES"
AC_PREPROC_IFELSE([AC_LANG_SOURCE([[
#include <tcl.h>
#include <tclOO.h>
#if TCL_MAJOR_VERSION != $TCL_MAJOR_VERSION || TCL_MINOR_VERSION != $TCL_MINOR_VERSION
#   error another version
#endif
]])],[AC_MSG_RESULT([yes])],
    [AC_MSG_ERROR([tcl.h and tclOO.h are missing or of another version than tclConfig.sh; tried "$TCL_INCLUDES"])])
CPPFLAGS=$cluster_save_CPPFLAGS
])

dnl CLUSTER_FIND_TCLSH: the tclsh of that very version, which runs tests, bench and demo.
AC_DEFUN([CLUSTER_FIND_TCLSH],[
AC_ARG_WITH([tclsh],[AS_HELP_STRING([--with-tclsh=PROG],[tclsh that runs tests, bench and demo])],[],[with_tclsh=])
if test -n "$with_tclsh"; then
    TCLSH=$with_tclsh
else
    AC_PATH_PROGS([TCLSH],[tclsh$TCL_VERSION tclsh],[none],
        [$tcl_bin_dir/bin:$tcl_bin_dir/../bin:$TCL_EXEC_PREFIX/bin:$PATH])
fi
AC_MSG_CHECKING([whether $TCLSH is Tcl $TCL_VERSION])
cluster_got=`echo 'puts $tcl_version' | "$TCLSH" 2>/dev/null`
if test "$cluster_got" = "$TCL_VERSION"; then
    AC_MSG_RESULT([yes])
else
    AC_MSG_RESULT([no${cluster_got:+, it is $cluster_got}])
    AC_MSG_WARN([the tests need a tclsh $TCL_VERSION: give --with-tclsh=PROG])
fi
AC_SUBST([TCLSH])
])

dnl CLUSTER_PACKAGE_DIR: the directory that gets cluster$VERSION/.
dnl
dnl Debian's tclsh looks into /usr/local/lib/tcltk but not into /usr/local/lib.
AC_DEFUN([CLUSTER_PACKAGE_DIR],[
AC_ARG_WITH([package-dir],[AS_HELP_STRING([--with-package-dir=DIR],[where the package's directory goes @<:@LIBDIR, or LIBDIR/tcltk if only that is on Tcl's auto_path@:>@])],
    [PACKAGE_DIR=$with_package_dir],[
    PACKAGE_DIR='${libdir}'
    cluster_prefix=$prefix
    test "$cluster_prefix" != NONE || cluster_prefix=$ac_default_prefix
    cluster_answer=`{ echo "set p {$cluster_prefix/lib}"
        echo 'puts @<:@expr {$p ni $auto_path && "$p/tcltk" in $auto_path}@:>@'; } | "$TCLSH" 2>/dev/null`
    if test "$cluster_answer" = 1; then PACKAGE_DIR='${libdir}/tcltk'; fi
])
AC_SUBST([PACKAGE_DIR])
])

dnl CLUSTER_POLLER: which of the platform's sources are compiled.
dnl
dnl With epoll those in unix/; with kqueue those in macosx/ and, for names that
dnl are not there, unix/.
AC_DEFUN([CLUSTER_POLLER],[
AC_CHECK_HEADERS([sys/epoll.h sys/event.h])
if test "$ac_cv_header_sys_epoll_h" = yes; then
    PLATFORM_DIRS=unix
    PLATFORM_OMIT=
elif test "$ac_cv_header_sys_event_h" = yes; then
    PLATFORM_DIRS='macosx unix'
    PLATFORM_OMIT=clusterpEpoll.c
else
    AC_MSG_ERROR([this system has neither epoll (sys/epoll.h) nor kqueue (sys/event.h)])
fi
AC_SUBST([PLATFORM_DIRS])
AC_SUBST([PLATFORM_OMIT])
])

dnl CLUSTER_SODIUM: is there libsodium? Without it generic/seal/ says so when asked.
dnl
dnl Which of two sources is compiled depends on it, GENERIC_OMIT is the other;
dnl nothing else does.
AC_DEFUN([CLUSTER_SODIUM],[
AC_ARG_WITH([sodium],[AS_HELP_STRING([--with-sodium],[encrypt by libsodium, and fail without it; --without-sodium: do without @<:@as it is found@:>@])],
    [],[with_sodium=auto])
SODIUM_CFLAGS=
SODIUM_LIBS=
cluster_sodium=no
case $with_sodium in
    no) ;;
    yes | auto)
        if cluster_got=`pkg-config --libs libsodium 2>/dev/null`; then
            SODIUM_LIBS=$cluster_got
            SODIUM_CFLAGS=`pkg-config --cflags libsodium`
        else
            SODIUM_LIBS=-lsodium
        fi
        ;;
    *) AC_MSG_ERROR([--with-sodium takes yes, no or auto, not "$with_sodium"; where libsodium is goes into PKG_CONFIG_PATH, or CPPFLAGS and LDFLAGS]) ;;
esac
if test "$with_sodium" != no; then
    AC_MSG_CHECKING([for libsodium 1.0.14 or later])
    cluster_save_CPPFLAGS=$CPPFLAGS
    cluster_save_LIBS=$LIBS
    CPPFLAGS="$CPPFLAGS $SODIUM_CFLAGS"
    LIBS="$SODIUM_LIBS $LIBS"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <sodium.h>
]],[[
crypto_secretstream_xchacha20poly1305_state state;
return sodium_init() + (int) sizeof state;
]])],[cluster_sodium=yes],[LIBS=$cluster_save_LIBS])
    CPPFLAGS=$cluster_save_CPPFLAGS
    AC_MSG_RESULT([$cluster_sodium])
    if test "$with_sodium:$cluster_sodium" = yes:no; then
        AC_MSG_ERROR([--with-sodium: it is not there; install its development files (Debian: libsodium-dev)])
    fi
fi
if test "$cluster_sodium" = yes; then
    GENERIC_OMIT=clusterCipherNone.c
else
    GENERIC_OMIT=clusterCipherSodium.c
    SODIUM_CFLAGS=
fi
AC_SUBST([SODIUM_CFLAGS])
AC_SUBST([GENERIC_OMIT])
])

dnl CLUSTER_LINK_FLAG(FLAG): adds FLAG to LINK_FLAGS where the linker knows it.
AC_DEFUN([CLUSTER_LINK_FLAG],[
AC_MSG_CHECKING([whether the linker takes $1])
cluster_save_LDFLAGS=$LDFLAGS
LDFLAGS="$LDFLAGS $1"
AC_LINK_IFELSE([AC_LANG_PROGRAM([],[])],
    [AC_MSG_RESULT([yes]); LINK_FLAGS="$LINK_FLAGS $1"],[AC_MSG_RESULT([no])])
LDFLAGS=$cluster_save_LDFLAGS
])

dnl CLUSTER_LINKER: nothing undefined, and nothing of the stub library exported.
AC_DEFUN([CLUSTER_LINKER],[
LINK_FLAGS=
CLUSTER_LINK_FLAG([-Wl,--exclude-libs,ALL])
AC_ARG_ENABLE([sanitizers],[AS_HELP_STRING([--enable-sanitizers],[compile with AddressSanitizer and UndefinedBehaviorSanitizer, and run the tests under them])],[],[enable_sanitizers=no])
dnl A sanitizer's symbols come from the program that loads the library.
if test "$enable_sanitizers" = no; then
    CLUSTER_LINK_FLAG([-Wl,-z,defs])
fi
AC_SUBST([LINK_FLAGS])
])

dnl CLUSTER_SYMBOLS: sets CFLAGS, unless the user did, and SYMBOLS_DEFS. It goes
dnl before AC_PROG_CC, which would set CFLAGS.
AC_DEFUN([CLUSTER_SYMBOLS],[
AC_ARG_ENABLE([symbols],[AS_HELP_STRING([--enable-symbols@<:@=mem@:>@],[compile for debugging, without optimization; mem: with Tcl's memory debugging, too. --disable-symbols: optimized, without symbols])],[],[enable_symbols=])
SYMBOLS_DEFS=
if test -z "${CFLAGS+set}"; then
    case $enable_symbols in
        yes | mem | all) CFLAGS='-g -O0' ;;
        no) CFLAGS=-O2 ;;
    esac
fi
case $enable_symbols in
    mem | all) SYMBOLS_DEFS=-DTCL_MEM_DEBUG ;;
    '' | yes | no) ;;
    *) AC_MSG_ERROR([--enable-symbols takes yes, no, mem or all (which is the same here), not "$enable_symbols"]) ;;
esac
AC_SUBST([SYMBOLS_DEFS])
])

dnl CLUSTER_64BIT: -m64 where the compiler does not make 64-bit code anyway.
AC_DEFUN([CLUSTER_64BIT],[
AC_ARG_ENABLE([64bit],[AS_HELP_STRING([--enable-64bit],[make 64-bit code where that is not what the compiler does by itself])],[],[enable_64bit=no])
AC_MSG_CHECKING([whether to ask for 64-bit code])
if test "$enable_64bit" = no; then
    AC_MSG_RESULT([no])
else
    AC_COMPILE_IFELSE([AC_LANG_SOURCE([[char is64@<:@sizeof(void *) == 8 ? 1 : -1@:>@;]])],[
        AC_MSG_RESULT([not needed])
    ],[
        CFLAGS="$CFLAGS -m64"
        AC_COMPILE_IFELSE([AC_LANG_SOURCE([[char is64@<:@sizeof(void *) == 8 ? 1 : -1@:>@;]])],
            [AC_MSG_RESULT([-m64])],
            [AC_MSG_ERROR([$CC makes no 64-bit code, with -m64 neither])])
    ])
fi
])

dnl CLUSTER_THREADS: an option of TEA that has nothing to choose here.
dnl
dnl The package keeps its state by interp and thread, and is the same whether
dnl Tcl has threads or not; which it has is said in its tclConfig.sh.
AC_DEFUN([CLUSTER_THREADS],[
AC_ARG_ENABLE([threads],[AS_HELP_STRING([--enable-threads],[taken for the sake of scripts that give it; there are threads if Tcl has them])],[
    AC_MSG_CHECKING([whether Tcl has threads])
    case $TCL_VERSION:$TCL_THREADS in
        8.*:0) cluster_threads=no ;;
        *) cluster_threads=yes ;;
    esac
    AC_MSG_RESULT([$cluster_threads])
    if test "$enable_threads:$cluster_threads" = yes:no; then
        AC_MSG_WARN([--enable-threads: this Tcl has none])
    fi
])])

dnl CLUSTER_SHARED: a library to load, or one to link a program with.
AC_DEFUN([CLUSTER_SHARED],[
AC_ARG_ENABLE([shared],[AS_HELP_STRING([--disable-shared],[make a static library, to link a Tcl shell with])],[],[enable_shared=yes])
if test "$enable_shared" = no; then
    SHARED=no
    LIBRARY_SUFFIX=.a
    STATIC_DEFS=-DSTATIC_BUILD=1
else
    SHARED=yes
    LIBRARY_SUFFIX=$TCL_SHLIB_SUFFIX
    STATIC_DEFS=
fi
AC_CHECK_TOOL([AR],[ar],[ar])
AC_CHECK_TOOL([RANLIB],[ranlib],[:])
AC_CHECK_TOOL([STRIP],[strip],[:])
AC_SUBST([SHARED])
AC_SUBST([LIBRARY_SUFFIX])
AC_SUBST([STATIC_DEFS])
])

AC_DEFUN([CLUSTER_WERROR],[
AC_ARG_ENABLE([werror],[AS_HELP_STRING([--enable-werror],[make every warning of the compiler an error])],[],[enable_werror=no])
WERROR=
if test "$enable_werror" != no; then WERROR=-Werror; fi
AC_SUBST([WERROR])
])

dnl CLUSTER_SANITIZERS: sets SANITIZE, flags for compiling and linking, and
dnl SANITIZE_ENV, what puts the runtime into a plain tclsh before our library
dnl comes. Leaks are not looked for: tclsh leaves much behind when it exits.
AC_DEFUN([CLUSTER_SANITIZERS],[
SANITIZE=
SANITIZE_ENV=
if test "$enable_sanitizers" != no; then
    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer'
    AC_MSG_CHECKING([for the sanitizers' runtime])
    AC_PREPROC_IFELSE([AC_LANG_SOURCE([[
#ifndef __clang__
#   error gcc
#endif
]])],[
        SANITIZE="$SANITIZE -shared-libsan"
        for f in libclang_rt.asan-`uname -m`.so libclang_rt.asan.so libclang_rt.asan_osx_dynamic.dylib; do
            SANITIZE_RUNTIME=`$CC -print-file-name=$f`
            test ! -f "$SANITIZE_RUNTIME" || break
        done
    ],[SANITIZE_RUNTIME=`$CC -print-file-name=libasan.so`])
    test -f "$SANITIZE_RUNTIME" || AC_MSG_ERROR([not found; --enable-sanitizers needs it])
    AC_MSG_RESULT([$SANITIZE_RUNTIME])
    case $SANITIZE_RUNTIME in
        *.dylib) SANITIZE_ENV="DYLD_INSERT_LIBRARIES='$SANITIZE_RUNTIME'" ;;
        *) SANITIZE_ENV="LD_PRELOAD='$SANITIZE_RUNTIME'" ;;
    esac
    SANITIZE_ENV="$SANITIZE_ENV ASAN_OPTIONS=\"detect_leaks=0:\$\$ASAN_OPTIONS\""
    SANITIZE_ENV="$SANITIZE_ENV UBSAN_OPTIONS=\"print_stacktrace=1:\$\$UBSAN_OPTIONS\""
fi
AC_SUBST([SANITIZE])
AC_SUBST([SANITIZE_ENV])
])
