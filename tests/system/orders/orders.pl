# The orders of app.c, obeyed in Perl: see there. With a socket on descriptor 0 it speaks FastCGI.
use strict;
use warnings FATAL => 'all';
use Fcntl qw(O_CREAT O_EXCL O_WRONLY);
use FindBin;
use JSON::PP ();
use POSIX ();
use Time::HiRes ();
use lib "$FindBin::Bin/../../../fcgi/bridge";
use Tina4 qw(push_only push_to_websocket run websocket);

sub reply {
	my ($connection, $value) = @_;

	$connection->send(defined $value ? "=$value" : 'none');
}

sub is_first {
	my ($path) = @_;

	return $path eq '' || sysopen(my $file, $path, O_CREAT | O_EXCL | O_WRONLY);
}

sub tell_what {
	my ($c, $what) = @_;

	return $c->send($c->count) if $what eq 'count';
	return $c->send($$) if $what eq 'pid';
	return reply($c, $what eq 'event' ? $c->event_id : $c->$what);
}

my %orders = (
	binary => sub { $_[0]->send($_[1], binary => 1) },
	broadcast => sub { $_[0]->broadcast($_[1]) },
	close => sub { $_[0]->close(split / /, $_[1], 2) },
	cookie => sub { reply($_[0], $_[0]->cookies->{ $_[1] }) },
	crash => sub { POSIX::abort() if is_first($_[1]) },
	die => sub { kill KILL => $$ if is_first($_[1]) },
	exit => sub { POSIX::_exit($_[1]) },
	fail => sub { die "told to fail\n" },
	fill => sub { $_[0]->broadcast('x' x $_[1]) },
	get => sub { reply($_[0], $_[0]->get($_[1])) },
	header => sub { reply($_[0], $_[0]->header($_[1])) },
	others => sub { $_[0]->broadcast($_[1], exclude_sender => 1) },
	param => sub { reply($_[0], $_[0]->params->{ $_[1] }) },
	push => sub { push_to_websocket(split / /, $_[1], 2) },
	present => sub { $_[0]->present($_[1] eq '' ? undef : JSON::PP::decode_json($_[1])) },
	replay => sub { $_[0]->replay($_[1]) },
	reply => sub { $_[0]->reply($_[1]) },
	report => sub { $_[0]->push($_[1], sprintf '%s count=%d code=%d', $_[0]->id, $_[0]->count, $_[0]->close_code) },
	send => sub { $_[0]->send($_[1]) },
	set => sub { $_[0]->set(split / /, $_[1], 2) },
	tell => \&tell_what,
	touch => sub { sysopen my $file, $_[1], O_CREAT | O_WRONLY or die "$_[1]: $!" },
	transient => sub { $_[0]->broadcast($_[1], transient => 1) },
	unset => sub { $_[0]->set($_[1], undef) },
	wait => sub { Time::HiRes::usleep(1000) while !-e $_[1] },
);

sub script {
	my ($connection, $event, $data) = @_;
	my $text = $event eq 'message' ? $data : $connection->params->{$event} // '';

	for my $order (split /[\n|]/, $text) {
		my ($name, $rest) = split / /, $order, 2;
		$orders{$name}->($connection, $rest // '');
	}
}

websocket('/ws/script/{room}', \&script);
websocket('/ws/kept/{room}', \&script, history => 5);

my $handled = 0;
websocket('/ws/tally/{room}', sub {
	my ($connection, $event) = @_;

	$connection->send("$$ " . ++$handled) if $event eq 'message';
});

websocket('/ws/secret', sub {
	my ($connection, $event) = @_;

	$connection->send($connection->user->{name}) if $event eq 'message';
}, secure => 1);

websocket('/ws/speaks', sub {
	my ($connection, $event) = @_;

	$connection->send(($connection->protocol // 'none') . ', header '
		. ($connection->header('sec-websocket-protocol') // 'none')) if $event eq 'open';
}, protocols => 'chat.v2, mqtt');

websocket('/ws/echo/{room}', sub {
	my ($connection, $event, $data) = @_;

	$connection->send($data, binary => $connection->is_binary) if $event eq 'message';
});

push_only('/ws/watch/{room}');

sub serve_requests {
	require FCGI;
	my $request = FCGI::Request();

	while ($request->Accept >= 0) {
		Tina4::answer() or print "Content-Type: text/plain\r\n\r\na page\n";
	}
}

# Children that die are replaced. FCGI takes TERM for itself, and one that hangs would stay.
sub serve_in_processes {
	my ($n) = @_;
	my %running;

	$SIG{TERM} = sub { kill KILL => keys %running; exit };
	while (1) {
		while (keys %running < $n) {
			my $pid = fork;
			if (!$pid) {
				$SIG{TERM} = 'DEFAULT';
				serve_requests();
				POSIX::_exit(0);
			}
			$running{$pid} = 1;
		}
		delete $running{ wait() };
	}
}

-S STDIN ? serve_in_processes(4) : run();
