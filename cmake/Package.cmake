# What `cmake --install` puts where, and a Debian package of the same files. The preset `package` sets the prefix to
# /usr, with which GNUInstallDirs puts the configuration into /etc.
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
install(TARGETS triggers RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES packaging/triggers.conf DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/triggers)
install(FILES packaging/triggers.service DESTINATION lib/systemd/system)
install(FILES packaging/triggers.sysusers DESTINATION lib/sysusers.d RENAME triggers.conf)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR} USE_SOURCE_PERMISSIONS)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "The Triggers maintainers")
set(CPACK_PACKAGE_CONTACT "The Triggers maintainers <maintainers@triggers.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "event-ingestion service with a REST API and a durable inbox
 Any system sends events over HTTP; a consumer reads those that nobody has
 handled yet from an inbox, and acknowledges them. What is answered 201 is on
 disk. One program with an embedded store.")
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
