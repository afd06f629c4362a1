package Tina4;

use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use IO::Socket::IP;
use IO::Socket::UNIX;
use JSON::PP ();
use Time::HiRes qw(time);

our $VERSION = '0.1.0';
our @EXPORT_OK = qw(push_to_websocket);

use constant MAX_ANSWER => 65536;

# A push's end by an exception. The request is bytes, and so is all that comes.

sub _fail {
	my ($why, $status, $id) = @_;

	die Tina4::PushFailed->new($why, $status, $id);
}

sub _connect {
	my ($address, $timeout) = @_;

	return IO::Socket::UNIX->new(Peer => substr($address, 5), Timeout => $timeout) if $address =~ /\Aunix:/;
	my ($host, $port) = $address =~ /\A\[?(.*?)\]?:([0-9]+)\z/ or return;
	return IO::Socket::IP->new(PeerHost => $host, PeerPort => $port, Timeout => $timeout);
}

# Sends what the sidecar takes: one that refuses answers before it has read all.
sub _send {
	my ($socket, $request, $end) = @_;
	local $SIG{PIPE} = 'IGNORE';

	while (length $request and IO::Select->new($socket)->can_write($end - time)) {
		my $n = syswrite $socket, $request or return;
		substr($request, 0, $n) = '';
	}
}

sub _receive {
	my ($socket, $end, $address, $id) = @_;
	my $answer = '';

	while (1) {
		my $left = $end - time;
		_fail("no answer from $address in time", 0, $id)
			if $left <= 0 or !IO::Select->new($socket)->can_read($left);
		sysread $socket, $answer, 8192, length $answer or return $answer;
		_fail("$address does not stop answering: it is no sidecar", 0, $id) if length $answer > MAX_ANSWER;
	}
}

sub _escape {
	my ($text) = @_;

	utf8::encode($text) if utf8::is_utf8($text);
	$text =~ s{([^A-Za-z0-9/_.~-])}{sprintf '%%%02X', ord $1}ge;
	return $text;
}

sub push_to_websocket {
	my ($path, $data, %options) = @_;
	my $address = $ENV{TINA4_ADMIN} || '127.0.0.1:7147';
	my $token = $ENV{TINA4_ADMIN_TOKEN} // '';
	my $id = $options{id} // _new_id();
	my $timeout = $options{timeout} // 5;
	my $end = time + $timeout;

	utf8::encode($data) if !$options{binary} and utf8::is_utf8($data);
	_fail('the token is none', 0, $id) if $token =~ /[\r\n]/;
	my $socket = _connect($address, $timeout) or _fail("no sidecar at $address: $!", 0, $id);
	$socket->blocking(0);
	_send($socket, join("\r\n",
		'POST /push' . _escape($path) . '?id=' . _escape($id) . ' HTTP/1.1',
		'Host: localhost', 'Connection: close', "Authorization: Bearer $token",
		'Content-Type: ' . ($options{binary} ? 'application/octet-stream' : 'text/plain'),
		'Content-Length: ' . length($data), '', $data), $end);
	my $answer = _receive($socket, $end, $address, $id);
	my ($status, $body) = $answer =~ m{\AHTTP/1\.[01] ([0-9]{3})[^\n]*\n.*?\r\n\r\n(.*)\z}s;
	my $json = defined $body ? eval { JSON::PP::decode_json($body) } : undef;

	_fail(length $answer ? "$address is no sidecar" : "$address closed the connection", 0, $id)
		if ref $json ne 'HASH';
	_fail($json->{error} || "$address answered $status", $status, $id) if $status != 200;
	return $json;
}

sub _new_id {
	open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!";
	read $random, my $bytes, 16;
	return unpack 'H*', $bytes;
}

package Tina4::PushFailed;

use overload '""' => sub { $_[0]{why} . "\n" }, fallback => 1;

sub new {
	my ($class, $why, $status, $id) = @_;

	return bless { why => $why, status => $status, id => $id }, $class;
}

sub status { return $_[0]{status} }
sub id { return $_[0]{id} }

1;

__END__

=encoding utf8

=head1 NAME

Tina4 - pushes to browsers from any program in Perl

=head1 SYNOPSIS

    use lib '/usr/local/share/tina4/perl';
    use Tina4 qw(push_to_websocket);

    push_to_websocket('/ws/orders/7', encode_json({ type => 'shipped' }));

=head1 DESCRIPTION

It speaks to the sidecar's admin listener, which the environment names:
C<TINA4_ADMIN>, host:port (127.0.0.1:7147) or unix:/path, and
C<TINA4_ADMIN_TOKEN>. All that it needs comes with Perl.

=head2 push_to_websocket($path, $data, %options)

Sends C<$data> to all connections on a path, which is escaped here. Returns the receipt as a hash reference, or dies with a
C<Tina4::PushFailed>. Options are C<binary>, C<timeout> in seconds (5), and C<id>,
32 hexadecimal digits of an earlier try.

=head2 Tina4::PushFailed

Its string says why. C<status> is as tina4-sidecar(8) has it, 404 when no route
matches, and 0 when there was no answer: then it may have been sent, and C<id> is to
try again with.

=head1 SEE ALSO

tina4-languages(7)

=cut
