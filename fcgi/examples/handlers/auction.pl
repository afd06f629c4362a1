# An auction: the highest bid counts, and all see it.
#
#     PERL5LIB=/usr/local/share/tina4/perl tina4 worker --exec "perl auction.pl"
#
# Clients connect to /ws/auction/{lot:int} and send what they bid, a number.
use strict;
use warnings;
use JSON::PP;
use Tina4 qw(run websocket);

my %highest; # bid on each lot

websocket('/ws/auction/{lot:int}', sub {
	my ($connection, $event, $data) = @_;
	my $lot = $connection->params->{lot};

	if ($event eq 'open') {
		$connection->send(encode_json({ type => 'highest', bid => $highest{$lot} // 0 }));
	}
	if ($event eq 'message') {
		if ($data !~ /\A[0-9]{1,9}\z/ or $data <= ($highest{$lot} // 0)) {
			return $connection->send(encode_json({ type => 'error', message => 'That is no higher bid.' }));
		}
		$highest{$lot} = 0 + $data;
		$connection->set(bid => $data);
		$connection->broadcast(encode_json({ type => 'highest', bid => $highest{$lot} }));
	}
});

run();
