# One file for each language, which is found where its users are told to look.
phpdir = $(datadir)/tina4/php
pythonsdir = $(datadir)/tina4/python
perldir = $(datadir)/tina4/perl

dist_php_DATA = %D%/tina4.php
dist_pythons_DATA = %D%/tina4.py
dist_perl_DATA = %D%/Tina4.pm

dist_man_MANS += %D%/tina4-languages.7
