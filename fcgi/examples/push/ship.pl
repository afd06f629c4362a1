#!/usr/bin/perl
#
# A classic CGI script: POST user_id=42&order=7 tells user 42's browsers.
#
# Tina4.pm pushes, to the sidecar that TINA4_ADMIN names, with the token
# TINA4_ADMIN_TOKEN. PERL5LIB says where Tina4.pm is, when it is elsewhere.
use strict;
use warnings;
use JSON::PP qw(encode_json);
use lib '/usr/local/share/tina4/perl';
use Tina4 qw(push_to_websocket);

sub answer {
	my ($status, $content) = @_;

	print "Status: $status\r\nContent-Type: application/json\r\n\r\n", encode_json($content), "\n";
	exit;
}

answer('405 Method Not Allowed', { error => 'POST only' }) if $ENV{REQUEST_METHOD} ne 'POST';
read STDIN, my $form, $ENV{CONTENT_LENGTH} || 0;
my %field = map { split /=/, $_, 2 } grep { /=/ } split /&/, $form;
for my $name (qw(user_id order)) {
	answer('400 Bad Request', { error => "$name is a number" }) if ($field{$name} // '') !~ /\A[0-9]{1,18}\z/;
}

# ... the order's row would change here ...

my $pushed = eval {
	push_to_websocket("/ws/notifications/$field{user_id}", encode_json({
		type => 'notification', title => 'Order Shipped', action_url => "/orders/$field{order}",
	}));
};
if (!$pushed) {
	warn "not pushed: $@"; # to the web server's log
	answer('503 Service Unavailable', { error => 'not pushed' });
}
answer('200 OK', { message => 'Order shipped, user notified' });
