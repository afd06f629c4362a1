package Tina4;

use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use IO::Socket::IP;
use IO::Socket::UNIX;
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use Time::HiRes qw(time);

our $VERSION = '0.1.0';
our @EXPORT_OK = qw(answer push_only push_to_websocket run websocket);

use constant MAX_ANSWER => 65536;

our $running; # the connection whose handler runs
my (%handlers, @routes);

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

	if ($running) {
		$running->push($path, $data, %options);
		return {};
	}
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

# Handlers. JSON::PP would take 20 times as long as the XS module, which most systems have.

my $json = eval { require Cpanel::JSON::XS; Cpanel::JSON::XS->new } || eval { require JSON::XS; JSON::XS->new }
	|| JSON::PP->new;
$json->utf8->canonical;

sub _declare {
	my ($route, %options) = @_;

	die "the route $route is declared twice\n" if grep { $_->{route} eq $route } @routes;
	push @routes, {
		route => $route,
		(map { $options{$_} ? ($_ => JSON::PP::true) : () } qw(secure push_only)),
		(map { defined $options{$_} ? ($_ => 0 + $options{$_}) : () } qw(history history_seconds)),
		(map { defined $options{$_} ? ($_ => "$options{$_}") : () } qw(protocols)),
	};
}

sub websocket {
	my ($route, $handler, %options) = @_;

	_declare($route, %options);
	$handlers{$route} = $handler;
}

sub push_only {
	my ($route, %options) = @_;

	_declare($route, %options, push_only => 1);
}

sub _data {
	my ($event) = @_;

	return $event->{text} if !defined $event->{base64};
	my $data = decode_base64($event->{base64});
	utf8::decode($data) if !$event->{binary};
	return $data;
}

sub _handle {
	my ($event) = @_;
	my $connection = local $running = Tina4::Connection->new($event);

	$handlers{ $event->{route} }->($connection, $event->{event}, _data($event));
	return $connection->{commands};
}

sub _answer {
	my ($event) = @_;

	return { routes => \@routes } if $event->{event} eq 'routes';
	my $commands = eval { _handle($event) };
	return { id => $event->{id}, commands => $commands } if $commands;
	print STDERR $@;
	return { id => $event->{id}, fail => "$@" =~ s/\n\z//r };
}

sub run {
	die qq(this program has WebSocket handlers: run it with tina4 worker --exec "perl ..."\n)
		if ($ENV{TINA4_HANDLER} // '') ne 'lines';
	open my $answers, '>&', \*STDOUT or die "standard output: $!";
	$answers->autoflush;
	open STDOUT, '>&', \*STDERR or die "standard error: $!";
	while (defined(my $line = <STDIN>)) {
		print {$answers} $json->encode(_answer($json->decode($line))), "\n";
	}
}

# An event that came as a request, by CGI or FastCGI.
sub _request {
	my %headers = map { /\AHTTP_(.*)/s ? (lc $1 =~ tr/_/-/r => $ENV{$_}) : () } keys %ENV;
	my %cookies = map { /\A\s*([^=]*)=(.*?)\s*\z/s ? ($1 => $2) : () } reverse split /;/, $headers{cookie} // '';
	my %event = (
		event => $ENV{TINA4_EVENT}, id => $ENV{TINA4_EVENT_ID}, attempt => 0 + ($ENV{TINA4_ATTEMPT} // 1),
		connection => $ENV{TINA4_CONN}, count => 0 + ($ENV{TINA4_COUNT} // 0), code => 0 + ($ENV{TINA4_CODE} // 0),
		binary => $ENV{TINA4_BINARY} ? 1 : 0, asks => $ENV{TINA4_ASKS} ? 1 : 0, ip => $ENV{REMOTE_ADDR}, route => $ENV{TINA4_ROUTE},
		headers => \%headers, cookies => \%cookies,
		path => _decode($ENV{TINA4_PATH}), protocol => $ENV{TINA4_PROTOCOL},
		user_id => defined $ENV{TINA4_USER_ID} ? _decode($ENV{TINA4_USER_ID}) : undef,
		map { $_ => defined $ENV{"TINA4_\U$_"} ? $json->decode($ENV{"TINA4_\U$_"}) : undef } qw(params attributes user),
	);
	if ($event{event} eq 'message') {
		read STDIN, $event{text}, $ENV{CONTENT_LENGTH} // 0;
		$event{text} = _decode($event{text}) if !$event{binary};
	}
	return \%event;
}

sub _decode {
	my ($bytes) = @_;

	utf8::decode($bytes) if defined $bytes;
	return $bytes;
}

sub answer {
	return 0 if !defined $ENV{TINA4_EVENT};
	print "Content-Type: application/json\r\n\r\n", $json->encode(_answer(_request()));
	return 1;
}

package Tina4::Connection;

use MIME::Base64 qw(encode_base64);

sub new {
	my ($class, $event) = @_;

	return bless { event => $event, commands => [] }, $class;
}

# What is the connection's, and the event's.
for my $name (qw(path route ip protocol params headers cookies user_id user count attempt)) {
	no strict 'refs';
	*$name = sub { return $_[0]{event}{$name} };
}
sub id { return $_[0]{event}{connection} }
sub event_id { return $_[0]{event}{id} }
sub close_code { return $_[0]{event}{code} // 0 }
sub is_binary { return $_[0]{event}{binary} ? 1 : 0 }
sub asks { return $_[0]{event}{asks} ? 1 : 0 }

sub header {
	my ($self, $name) = @_;

	return $self->{event}{headers}{lc $name};
}

# A text with a NUL is said in base64, as tina4-handler(7) wants it.
sub _message {
	my ($data, %options) = @_;

	return (text => "$data") if !$options{binary} and $data !~ /\0/;
	utf8::encode($data) if !$options{binary};
	return (base64 => encode_base64($data, ''), binary => $options{binary} ? JSON::PP::true : JSON::PP::false);
}

sub _command {
	my ($self, $name, %members) = @_;

	CORE::push @{ $self->{commands} }, { command => $name, %members };
}

sub send {
	my ($self, $data, %options) = @_;

	$self->_command('send', _message($data, %options));
}

sub reply {
	my ($self, $data, %options) = @_;

	$self->_command('reply', _message($data, %options));
}

sub broadcast {
	my ($self, $data, %options) = @_;

	$self->_command('broadcast', _message($data, %options),
		map { $_ => $options{$_} ? JSON::PP::true : JSON::PP::false } qw(exclude_sender transient));
}

sub replay {
	my ($self, $max) = @_;

	$self->_command('replay', max => 0 + $max);
}

sub present {
	my ($self, $data) = @_;

	$self->_command('present', data => $data);
}

sub close {
	my ($self, $code, $reason) = @_;

	$self->_command('close', code => 0 + ($code // 1000), reason => $reason // '');
}

sub set {
	my ($self, $name, $value) = @_;

	$value = "$value" if defined $value;
	$self->_command('set', name => $name, value => $value);
	$self->{event}{attributes}{$name} = $value;
}

sub get {
	my ($self, $name) = @_;

	return $self->{event}{attributes}{$name};
}

sub push {
	my ($self, $path, $data, %options) = @_;

	$self->_command('push', path => $path, _message($data, %options));
}

sub send_to {
	my ($self, $id, $data, %options) = @_;

	$self->_command('send_to', connection => $id, _message($data, %options));
}

sub disconnect {
	my ($self, $id, $code, $reason) = @_;

	$self->_command('disconnect', connection => $id, code => 0 + ($code // 1000), reason => $reason // '');
}

sub close_path {
	my ($self, $path, $code, $reason) = @_;

	$self->_command('close_path', path => $path, code => 0 + ($code // 1000), reason => $reason // '');
}

sub set_user {
	my ($self, $user) = @_;

	$self->_command('user', user => $user);
	$self->{event}{user_id} = $user;
}

sub push_to_user {
	my ($self, $user, $data, %options) = @_;

	$self->_command('push_user', user => $user, _message($data, %options));
}

sub close_user {
	my ($self, $user, $code, $reason) = @_;

	$self->_command('close_user', user => $user, code => 0 + ($code // 1000), reason => $reason // '');
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

Tina4 - WebSocket handlers and pushes in Perl

=head1 SYNOPSIS

    use lib '/usr/local/share/tina4/perl';
    use Tina4 qw(websocket run);

    websocket('/ws/echo', sub {
        my ($connection, $event, $data) = @_;

        $connection->send("Echo: $data") if $event eq 'message';
    });

    run();

and from any program

    use Tina4 qw(push_to_websocket);

    push_to_websocket('/ws/orders/7', encode_json({ type => 'shipped' }));

=head1 DESCRIPTION

C<tina4 worker --exec "perl echo.pl"> runs the handlers of a program.

=head2 websocket($route, $handler, %options)

Declares a WebSocket route. The handler gets the connection, 'open', 'message' or
'close', and the message: characters of a text, bytes of what is binary. The option
C<secure> is for clients with a valid token only; C<history> is how many of the last
messages are kept of each path, and C<history_seconds> how long;
C<protocols> are the subprotocols that it speaks, between blanks or commas. What the
handler sends takes effect when it returns; when it dies nothing of it does.

=head2 push_only($route, %options)

Declares a WebSocket route where nobody but pushes is heard.

=head2 run()

Answers C<tina4 worker> until that has no more. What is printed meanwhile goes to
standard error.

=head2 answer()

The same for one request of CGI or FastCGI, that C<tina4 worker --fastcgi> has made.
Returns false, and does nothing, for a request of anybody else's:

    use FCGI;

    my $request = FCGI::Request();
    while ($request->Accept >= 0) {
        Tina4::answer() or print "Content-Type: text/plain\r\n\r\nHello";
    }

=head2 Tina4::Connection

C<id>, C<path>, C<route>, C<ip>, C<params>, C<headers> (names in lower case),
C<header($name)>, C<cookies>, C<protocol>, the first of the route's subprotocols that it
offered, C<user_id>, whose it is, and C<user>, the claims of its token, are the connection's. C<count>, C<event_id>,
C<attempt>, C<is_binary>, C<close_code> and C<asks>, which is true for a request, are the
event's.

C<send($data, %options)>, C<reply($data, %options)>, which answers a request, C<broadcast($data, %options)>, C<close($code, $reason)>,
C<push($path, $data, %options)>, C<send_to($id, $data, %options)>,
C<disconnect($id, $code, $reason)>, C<close_path($path, $code, $reason)>, C<set_user($user)>,
C<push_to_user($user, $data, %options)> and C<close_user($user, $code, $reason)> are what it can be told. Options are C<binary>, and
of a broadcast C<exclude_sender> and C<transient>, which is not kept. C<replay($max)> sends the last
messages that are kept of its path to this client: when it opens, before anything newer. C<present($data)> says what the others on its path may see of it,
a hash of at most 4 KiB of JSON: it is a member from then on; undef: no more. C<set($name, $value)> remembers something of it, whichever process
handles its next event, and C<get($name)> has it.

=head2 Pushes

They speak to the sidecar's admin listener, which the environment names:
C<TINA4_ADMIN>, host:port (127.0.0.1:7147) or unix:/path, and
C<TINA4_ADMIN_TOKEN>. All that it needs comes with Perl.

=head2 push_to_websocket($path, $data, %options)

Sends C<$data> to all connections on a path, which is escaped here. Returns the receipt
as a hash reference, or dies with a C<Tina4::PushFailed>. In a handler it joins what
that sends, and the receipt is empty. Options are C<binary>, C<timeout> in seconds (5), and C<id>,
32 hexadecimal digits of an earlier try.

=head2 Tina4::PushFailed

Its string says why. C<status> is as tina4-sidecar(8) has it, 404 when no route
matches, and 0 when there was no answer: then it may have been sent, and C<id> is to
try again with.

=head1 SEE ALSO

tina4-languages(7)

=cut
