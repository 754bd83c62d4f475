import { createRouter, createWebHistory, type Router } from 'vue-router'

import type { Role } from '@/api/types'
import { startPath, useSession } from '@/session/store'

declare module 'vue-router' {
  interface RouteMeta {
    /** A key under `page` in the translations. */
    title: string
    /** Who may see it; absent: everybody, signed in or not. */
    roles?: Role[]
  }
}

const LEADERS: Role[] = ['supervisor', 'admin']
const EVERYBODY: Role[] = ['agent', 'supervisor', 'admin']

export function createAppRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      { path: '/', name: 'start', redirect: '/sign-in' },
      { path: '/sign-in', component: () => import('@/sign-in/SignInPage.vue'), meta: { title: 'signIn' } },
      { path: '/agent', component: () => import('@/agent/AgentPage.vue'), meta: { title: 'agent', roles: ['agent'] } },
      {
        path: '/agent/history',
        component: () => import('@/calls/CallsPage.vue'),
        props: { own: true },
        meta: { title: 'history', roles: ['agent'] },
      },
      {
        path: '/supervisor',
        component: () => import('@/supervisor/SupervisorPage.vue'),
        meta: { title: 'supervisor', roles: LEADERS },
      },
      {
        path: '/supervisor/calls',
        component: () => import('@/calls/CallsPage.vue'),
        props: { own: false },
        meta: { title: 'calls', roles: LEADERS },
      },
      { path: '/admin/users', component: () => import('@/admin/UsersPage.vue'), meta: { title: 'users', roles: ['admin'] } },
      { path: '/admin/queues', component: () => import('@/admin/QueuesPage.vue'), meta: { title: 'queues', roles: ['admin'] } },
      { path: '/admin/devices', component: () => import('@/admin/DevicesPage.vue'), meta: { title: 'devices', roles: ['admin'] } },
      { path: '/admin/tokens', component: () => import('@/admin/TokensPage.vue'), meta: { title: 'tokens', roles: ['admin'] } },
      { path: '/status', component: () => import('@/admin/StatusPage.vue'), meta: { title: 'status', roles: LEADERS } },
      {
        path: '/:anything(.*)',
        component: () => import('@/shell/NotFoundPage.vue'),
        meta: { title: 'notFound', roles: EVERYBODY },
      },
    ],
  })

  router.beforeEach(async (to) => {
    const session = useSession()
    try {
      await session.load()
    } catch {
      // The service cannot be reached: the sign-in page says so and tries again.
      return to.path === '/sign-in' ? true : { path: '/sign-in', query: { next: to.fullPath } }
    }
    const role = session.role
    if (to.meta.roles === undefined) return role === null ? true : startPath(role)
    if (role === null) return { path: '/sign-in', query: { next: to.fullPath } }
    return to.meta.roles.includes(role) ? true : startPath(role)
  })
  return router
}
