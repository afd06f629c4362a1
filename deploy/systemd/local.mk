# For systemd: below a prefix of /usr or /usr/local it finds all of these by itself.
systemdunitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
settingsdir = $(datadir)/tina4

dist_systemdunit_DATA = \
	%D%/tina4-app@.socket \
	%D%/tina4-sidecar.socket \
	%D%/tina4.target
systemdunit_DATA = \
	%D%/tina4-app@.service \
	%D%/tina4-handlers@.service \
	%D%/tina4-sidecar.service \
	%D%/tina4-worker@.service
dist_sysusers_DATA = %D%/sysusers.d/tina4.conf
tmpfiles_DATA = %D%/tmpfiles.d/tina4.conf
dist_settings_DATA = %D%/tina4.env

EXTRA_DIST += \
	%D%/hardening \
	%D%/tina4-app@.service.in \
	%D%/tina4-handlers@.service.in \
	%D%/tina4-sidecar.service.in \
	%D%/tina4-worker@.service.in \
	%D%/tmpfiles.d/tina4.conf.in
CLEANFILES += $(systemdunit_DATA) $(tmpfiles_DATA)

# What configure knows, and what all three share.
with_places = $(AM_V_GEN)$(MKDIR_P) $(@D) && sed \
	-e '/@HARDENING@/{' -e 'r $(srcdir)/deploy/systemd/hardening' -e 'd' -e '}' \
	-e 's|@bindir[@]|$(bindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' -e 's|@datadir[@]|$(datadir)|g'

%D%/tina4-app@.service: %D%/tina4-app@.service.in %D%/hardening Makefile
	$(with_places) $(srcdir)/deploy/systemd/tina4-app@.service.in >$@
%D%/tina4-handlers@.service: %D%/tina4-handlers@.service.in %D%/hardening Makefile
	$(with_places) $(srcdir)/deploy/systemd/tina4-handlers@.service.in >$@
%D%/tina4-sidecar.service: %D%/tina4-sidecar.service.in %D%/hardening Makefile
	$(with_places) $(srcdir)/deploy/systemd/tina4-sidecar.service.in >$@
%D%/tina4-worker@.service: %D%/tina4-worker@.service.in %D%/hardening Makefile
	$(with_places) $(srcdir)/deploy/systemd/tina4-worker@.service.in >$@
%D%/tmpfiles.d/tina4.conf: %D%/tmpfiles.d/tina4.conf.in Makefile
	$(with_places) $(srcdir)/deploy/systemd/tmpfiles.d/tina4.conf.in >$@
