# What `cmake --install` puts where, and a Debian package of the same files. The preset `package` sets the prefix to
# /usr, with which GNUInstallDirs puts the configuration into /etc.
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
install(TARGETS triggers swarm RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES packaging/triggers.conf DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/triggers)
install(FILES packaging/triggers.service DESTINATION lib/systemd/system)
install(FILES packaging/triggers.sysusers DESTINATION lib/sysusers.d RENAME triggers.conf)
# The documents, and what they link to, in the same places to each other as in the project.
install(FILES packaging/README DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME README.md)
install(FILES CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY docs examples infrastructure DESTINATION ${CMAKE_INSTALL_DOCDIR} USE_SOURCE_PERMISSIONS
        PATTERN __pycache__ EXCLUDE)
install(DIRECTORY tests/performance DESTINATION ${CMAKE_INSTALL_DOCDIR}/tests USE_SOURCE_PERMISSIONS
        PATTERN __pycache__ EXCLUDE PATTERN CMakeLists.txt EXCLUDE)
install(DIRECTORY bench/results DESTINATION ${CMAKE_INSTALL_DOCDIR}/bench)
foreach(linked apps/swarm/examples/batch_user.cc swarm/README.md swarm/load/user_class.h swarm/load/user.h
               tests/e2e/data/original_guide.md)
  cmake_path(GET linked PARENT_PATH folder)
  install(FILES ${linked} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "The Triggers maintainers")
# `NAME <ADDRESS>` of whoever makes the package; scripts/package.sh finds it.
set(TRIGGERS_MAINTAINER "" CACHE STRING "Maintainer of the package")
set(CPACK_PACKAGE_CONTACT "${TRIGGERS_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# CPack puts the blank before each line but the first.
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "event hub with a REST API and durable inboxes
Any system can send events over HTTP. A consumer reads unhandled events from
an inbox and acknowledges them. An event that was answered with 201 is on
disk. Equal events are stored once, and no event is dropped silently.
.
The service is one program with an embedded store, or any number of nodes that
share tables in DynamoDB. The package also contains swarm, a load generator
that speaks Locust's options, files and worker protocol.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "passwd")
# The authorities that DynamoDB's certificate is checked with.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA packaging/postinst packaging/prerm packaging/postrm
                                       ${PROJECT_BINARY_DIR}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
file(WRITE ${PROJECT_BINARY_DIR}/conffiles "/etc/triggers/triggers.conf\n")
list(TRANSFORM CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA PREPEND ${PROJECT_SOURCE_DIR}/ REGEX "^packaging/")
include(CPack)
