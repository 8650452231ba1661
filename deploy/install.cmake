# What `cmake --install` puts where: programs, their manual pages and what shells complete (printed
# by the programs themselves, from their tables of options), a unit for systemd, a sample of the
# configuration. --prefix and DESTDIR are minded.

include(GNUInstallDirs)
set(PARLEY_ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING
    "Where zsh looks for completions")
set(manuals ${CMAKE_BINARY_DIR}/manual)
file(MAKE_DIRECTORY ${manuals})

# A leak checker may be forbidden to look; the tests look for leaks.
set(quietly ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 ${CMAKE_CROSSCOMPILING_EMULATOR})
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
    message(STATUS "No manual pages: what is built for another machine cannot print them here")
endif()

# prints(PROGRAM SECTION): its page and its completions are made with it, and installed.
function(prints program section)
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
        return()
    endif()
    set(page ${manuals}/${program}.${section})
    set(bash ${manuals}/${program}.bash)
    set(zsh ${manuals}/_${program})
    add_custom_command(OUTPUT ${page} ${bash} ${zsh}
        COMMAND ${quietly} $<TARGET_FILE:${program}> --print-man > ${page}
        COMMAND ${quietly} $<TARGET_FILE:${program}> --print-bash-completion > ${bash}
        COMMAND ${quietly} $<TARGET_FILE:${program}> --print-zsh-completion > ${zsh}
        DEPENDS ${program} VERBATIM)
    add_custom_target(manual_of_${program} ALL DEPENDS ${page} ${bash} ${zsh})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
    install(FILES ${bash} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME ${program})
    install(FILES ${zsh} DESTINATION ${PARLEY_ZSH_DIR})
endfunction()

prints(parleyd 8)
prints(parleyctl 1)
prints(parley-bench 1)

# The unit names the program where it is installed, which is known only then.
install(CODE "set(bindir \"${CMAKE_INSTALL_BINDIR}\")
    set(unit \"${CMAKE_BINARY_DIR}/parleyd.service\")
    set(unit_source \"${CMAKE_SOURCE_DIR}/deploy/parleyd.service\")")
install(CODE [[
    if(NOT IS_ABSOLUTE "${bindir}")
        set(bindir "${CMAKE_INSTALL_PREFIX}/${bindir}")
    endif()
    file(READ "${unit_source}" text)
    string(REPLACE "/usr/bin/parleyd" "${bindir}/parleyd" text "${text}")
    file(WRITE "${unit}" "${text}")]])
install(FILES ${CMAKE_BINARY_DIR}/parleyd.service DESTINATION lib/systemd/system)

install(FILES README.md LICENSE CHANGELOG.md deploy/parley.json
    DESTINATION ${CMAKE_INSTALL_DOCDIR})
