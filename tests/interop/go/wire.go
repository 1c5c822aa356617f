// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

const (
	groupProtocol  = "/goop/group/1.0.0"
	inviteProtocol = "/goop/group-invite/1.0.0"

	memberQueue   = 64
	eventBuffer   = 10
	writeDeadline = 5 * time.Second
	pingEvery     = 30 * time.Second
	silenceLimit  = 75 * time.Second
	maxMembers    = 2
)

// message is a line of the group protocol. A payload passes through Go's untyped values, so
// that its keys come out sorted and its numbers are float64.
type message struct {
	Type    string `json:"type"`
	Group   string `json:"group"`
	From    string `json:"from,omitempty"`
	Payload any    `json:"payload,omitempty"`
}

type member struct {
	PeerID   string `json:"peer_id"`
	JoinedAt int64  `json:"joined_at"`
}

type membersPayload struct {
	Members []member `json:"members"`
}

type welcomePayload struct {
	GroupName  string   `json:"group_name,omitempty"`
	AppType    string   `json:"app_type,omitempty"`
	MaxMembers int      `json:"max_members"`
	Volatile   bool     `json:"volatile"`
	Members    []member `json:"members"`
}

type errorPayload struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// shortInvite is what the oldest peers send; longInvite what later ones do.
type shortInvite struct {
	GroupID    string `json:"group_id"`
	GroupName  string `json:"group_name"`
	HostPeerID string `json:"host_peer_id"`
}

type longInvite struct {
	shortInvite
	AppType  string `json:"app_type"`
	Volatile bool   `json:"volatile"`
}

// write encodes one line straight onto the stream.
func write(stream network.Stream, m message) error {
	return json.NewEncoder(stream).Encode(m)
}

// events is the way of a group's events to the local page: a buffer that drops when it is full,
// and a reader behind it that takes its time.
type events struct {
	buffer chan map[string]any
}

func newEvents(p *program) *events {
	e := &events{buffer: make(chan map[string]any, eventBuffer)}
	go func() {
		for event := range e.buffer {
			// What the way to a browser takes: about five events a millisecond.
			for start := time.Now(); time.Since(start) < 200*time.Microsecond; {
			}
			p.emit(event)
		}
	}()
	return e
}

func (e *events) add(m message) {
	event := map[string]any{
		"event": m.Type, "channel": m.Group, "from": m.From, "payload": m.Payload,
	}
	select {
	case e.buffer <- event:
	default:
	}
}
