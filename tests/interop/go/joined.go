// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// membership is our place in somebody else's group, on one stream.
type membership struct {
	host   peer.ID
	group  string
	stream network.Stream
	lines  *json.Decoder
}

// joined holds the groups that this peer joined, one connection a group.
type joined struct {
	p      *program
	events *events
	mu     sync.Mutex
	groups map[string]*membership
	hosts  map[string]peer.ID
}

func newJoined(p *program) *joined {
	j := &joined{
		p: p, events: newEvents(p), groups: map[string]*membership{}, hosts: map[string]peer.ID{},
	}
	p.host.SetStreamHandler(inviteProtocol, j.invited)
	return j
}

// invited takes an invitation; one for a realtime group is joined without asking anybody.
func (j *joined) invited(stream network.Stream) {
	var invite longInvite
	err := json.NewDecoder(stream).Decode(&invite)
	stream.Close()
	if err != nil {
		return
	}
	// The host that the invitation names is believed; it is not compared with its sender.
	named, err := peer.Decode(invite.HostPeerID)
	if err != nil {
		return
	}
	j.mu.Lock()
	j.hosts[invite.GroupID] = named
	j.mu.Unlock()
	j.p.emit(map[string]any{
		"event": "invite", "channel": invite.GroupID, "host": invite.HostPeerID,
		"name": invite.GroupName, "app_type": invite.AppType,
	})
	if invite.AppType == "realtime" {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := j.join(ctx, named, invite.GroupID); err != nil {
			j.p.emit(map[string]any{"event": "join_failed", "error": err.Error()})
		}
	}
}

// join enters a group; an older membership of the same group is left first.
func (j *joined) join(ctx context.Context, host peer.ID, id string) error {
	_ = j.leave(id)
	m, err := j.enter(ctx, host, id)
	if err != nil {
		return err
	}
	j.follow(m)
	return nil
}

// accept is what the page's "accept" does to a channel that was joined without asking: it
// leaves and joins again. Either may arrive first at the host.
func (j *joined) accept(ctx context.Context, id string, joinFirst bool) error {
	j.mu.Lock()
	old, host := j.groups[id], j.hosts[id]
	j.mu.Unlock()
	if host == "" {
		return fmt.Errorf("no invitation to %s", id)
	}
	if !joinFirst {
		return j.join(ctx, host, id)
	}
	m, err := j.enter(ctx, host, id)
	if err != nil {
		return err
	}
	j.follow(m)
	if old != nil {
		_ = write(old.stream, message{Type: "leave", Group: id})
		old.stream.Close()
	}
	return nil
}

// enter opens a stream and joins; the first line must be the welcome.
func (j *joined) enter(ctx context.Context, host peer.ID, id string) (*membership, error) {
	stream, err := j.p.host.NewStream(ctx, host, groupProtocol)
	if err != nil {
		return nil, err
	}
	if err := write(stream, message{Type: "join", Group: id}); err != nil {
		stream.Reset()
		return nil, err
	}
	m := &membership{host, id, stream, json.NewDecoder(bufio.NewReader(stream))}
	var first message
	if err := m.lines.Decode(&first); err != nil {
		stream.Reset()
		return nil, err
	}
	if first.Type != "welcome" {
		stream.Reset()
		return nil, fmt.Errorf("expected a welcome, got %s %v", first.Type, first.Payload)
	}
	j.events.add(first)
	return m, nil
}

// follow reads a membership's lines for as long as it lives.
func (j *joined) follow(m *membership) {
	j.mu.Lock()
	j.groups[m.group] = m
	j.mu.Unlock()
	silence := time.AfterFunc(silenceLimit, func() { m.stream.Reset() })
	go func() {
		defer silence.Stop()
		for {
			var line message
			if m.lines.Decode(&line) != nil {
				break
			}
			silence.Reset(silenceLimit)
			if line.Type == "ping" {
				_ = write(m.stream, message{Type: "pong", Group: m.group})
				continue
			}
			if line.Type == "close" {
				break
			}
			j.events.add(line)
		}
		m.stream.Close()
		j.mu.Lock()
		if j.groups[m.group] == m {
			delete(j.groups, m.group)
		}
		j.mu.Unlock()
		j.events.add(message{Type: "close", Group: m.group})
	}()
}

func (j *joined) leave(id string) error {
	j.mu.Lock()
	m := j.groups[id]
	delete(j.groups, id)
	j.mu.Unlock()
	if m == nil {
		return errors.New("not a member")
	}
	_ = write(m.stream, message{Type: "leave", Group: id})
	return m.stream.Close()
}

// send writes on the stream at once, and waits as long as that takes.
func (j *joined) send(id string, data any) error {
	j.mu.Lock()
	m := j.groups[id]
	j.mu.Unlock()
	if m == nil {
		return errors.New("not a member")
	}
	return write(m.stream, message{Type: "msg", Group: id, Payload: data})
}
