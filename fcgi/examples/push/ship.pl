#!/usr/bin/perl
#
# A classic CGI script: POST user_id=42&order=7 tells user 42's browsers.
#
# It pushes over HTTP, to the sidecar's admin listener: TINA4_ADMIN, with the
# bearer token TINA4_ADMIN_TOKEN. Perl brings all that it needs.
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP qw(encode_json);

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

my $sidecar = $ENV{TINA4_ADMIN} || '127.0.0.1:7147';
my $receipt = HTTP::Tiny->new(timeout => 5)->post(
	"http://$sidecar/push/ws/notifications/$field{user_id}",
	{
		headers => { 'Authorization' => "Bearer $ENV{TINA4_ADMIN_TOKEN}", 'Content-Type' => 'application/json' },
		content => encode_json({
			type => 'notification', title => 'Order Shipped', action_url => "/orders/$field{order}",
		}),
	});
if (!$receipt->{success}) {
	warn "not pushed: $receipt->{status} $receipt->{content}\n"; # to the web server's log
	answer('503 Service Unavailable', { error => 'not pushed' });
}
answer('200 OK', { message => 'Order shipped, user notified' });
